"""Every operation that the sandbox answers, by name."""

from __future__ import annotations

from connectors.sandbox.operations import (
    ads,
    aftersales,
    bills,
    events,
    goods,
    logistics,
    orders,
    partner,
    promotions,
    retrieve,
    returns,
    site_amounts,
    supply,
    token,
)
from connectors.sandbox.operations.operation import Operation

OPERATIONS: dict[str, Operation] = {
    operation.type: operation
    for family in (
        *(token, events, orders, site_amounts, logistics, aftersales, returns),
        *(goods, retrieve, supply, promotions, ads, bills, partner),
    )
    for operation in family.OPERATIONS
}
SUNSET = frozenset(
    {"bg.order.list.get", "bg.order.detail.get", "bg.order.shippinginfo.get", "bg.logistics.shipment.get"}
)
