"""Every operation that the sandbox answers, by name."""

from __future__ import annotations

from connectors.sandbox.operations import aftersales, goods, orders, promotions, token
from connectors.sandbox.operations.operation import Operation

OPERATIONS: dict[str, Operation] = {
    operation.type: operation
    for family in (token, orders, goods, promotions, aftersales)
    for operation in family.OPERATIONS
}
SUNSET = frozenset(
    {"bg.order.list.get", "bg.order.detail.get", "bg.order.shippinginfo.get", "bg.logistics.shipment.get"}
)
