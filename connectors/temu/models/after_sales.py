"""After-sales cases and their refunds (API reference §13)."""

from __future__ import annotations

from connectors.temu.models.fields import Code, Epoch, Number, Record


class AfterSales(Record):
    """One after-sales case of a parent order (§13.1); type 1 refund only, 2 return and refund."""

    parent_after_sales_sn: Number
    parent_order_sn: str | None = None
    parent_after_sales_status: Code | None = None
    update_at: Epoch


class AfterSalesDetail(Record):
    """Refund amounts of one case (§13.3): what the buyer gets back, not what the seller loses."""

    parent_after_sales_sn: Number
    parent_order_sn: str | None = None
