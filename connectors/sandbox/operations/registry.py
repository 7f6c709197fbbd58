"""Every operation that the sandbox answers, by name."""

from __future__ import annotations

from connectors.sandbox.operations import (
    ads,
    aftersales,
    bills,
    events,
    goods,
    orders,
    partner,
    promotions,
    retrieve,
    supply,
    token,
)
from connectors.sandbox.operations.operation import Operation

OPERATIONS: dict[str, Operation] = {
    operation.type: operation
    for family in (token, events, orders, goods, retrieve, supply, promotions, aftersales, ads, bills, partner)
    for operation in family.OPERATIONS
}
SUNSET = frozenset(
    {"bg.order.list.get", "bg.order.detail.get", "bg.order.shippinginfo.get", "bg.logistics.shipment.get"}
)
