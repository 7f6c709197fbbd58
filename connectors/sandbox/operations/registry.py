"""Every operation that the sandbox answers, by name or path."""

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
    plain,
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
PATHS: dict[str, Operation] = {operation.type: operation for operation in plain.OPERATIONS}
"""What the simplified REST interface answers, by path; a token may lack a path as it may lack an operation."""
SUNSET = frozenset(
    {"bg.order.list.get", "bg.order.detail.get", "bg.order.shippinginfo.get", "bg.logistics.shipment.get"}
)
