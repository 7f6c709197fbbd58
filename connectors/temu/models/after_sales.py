"""After-sales cases and their refunds, cancellations, what comes back (API reference §13)."""

from __future__ import annotations

from typing import Annotated, Any

from connectors.temu.models.fields import Code, Epoch, Number, Record, Seen, Shape


class AfterSales(Record):
    """One after-sales case of a parent order (§13.1); type 1 refund only, 2 return and refund."""

    parent_after_sales_sn: Number
    parent_order_sn: str | None = None
    parent_after_sales_status: Code | None = None
    create_at: Epoch | None = None
    update_at: Epoch


class AfterSalesDetail(Record):
    """Refund amounts of one case (§13.3): what the buyer gets back, not what the seller loses."""

    parent_after_sales_sn: Number
    parent_order_sn: str | None = None


class CaseProduct(Record):
    """An article on the seller's side."""

    product_sku_id: Seen = None
    ext_code: Seen = None


SeenCaseProducts = Annotated[Any, Shape(list[CaseProduct] | None)]


class AfterSalesLine(Record):
    """One line of a case (§13.2): article and units, neither child order nor money."""

    parent_after_sales_sn: Number
    after_sales_sn: Number
    after_sales_status: Code | None = None
    after_sales_type: Seen = None
    goods_id: Seen = None
    sku_id: Seen = None
    product_sku_id: Seen = None
    product_list: SeenCaseProducts = None
    apply_after_sales_goods_number: Seen = None


class CancelledLine(Record):
    """One child order inside a cancellation; `create_at_millis` is in milliseconds."""

    after_sales_sn: Seen = None
    parent_order_sn: Seen = None
    order_sn: Seen = None
    product_sku_id: Seen = None
    goods_id: Seen = None
    apply_goods_number: Seen = None
    product_list: SeenCaseProducts = None
    create_at_millis: Seen = None


class Cancellation(Record):
    """One cancellation case (§13.4); 5 = approved."""

    parent_after_sales_sn: Number
    parent_after_sales_status: Code | None = None
    after_sales_info_list: list[CancelledLine] | None = None


class ReturnParcel(Record):
    """One parcel on its way back."""

    carrier_name: Seen = None
    tracking_number: Seen = None
    return_warehouse_type: Seen = None
    return_warehouse_region1_name: Seen = None


class Return(Record):
    """What the buyer has sent back for one line of a case (§13.5); no parcels = nothing yet."""

    logistics_info_list: list[ReturnParcel] | None = None
