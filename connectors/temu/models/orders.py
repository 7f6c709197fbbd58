"""Orders: parents and lines, their money, their detail (API reference §8, §9)."""

from __future__ import annotations

from typing import Annotated, Any

from connectors.temu.models.fields import Code, Epoch, Int, Number, Record, Seen, SeenWords, Shape


class Label(Record):
    """A named flag of an order or line; 1 = it applies."""

    name: Seen = None
    value: Seen = None


class OrderProduct(Record):
    """What a line consists of on the seller's side; pieces = quantity × sold_factor."""

    product_id: Seen = None
    product_sku_id: Seen = None
    sold_factor: Seen = None
    ext_code: Seen = None


class DeclaredValue(Record):
    """An amount in minor units."""

    amount: Seen = None
    currency: Seen = None


SeenLabels = Annotated[Any, Shape(list[Label] | None)]
SeenProducts = Annotated[Any, Shape(list[OrderProduct] | None)]
SeenMoney = Annotated[Any, Shape(DeclaredValue | None)]


class OrderLine(Record):
    """One child order: a SKU of a parent order (§8.4). `quantity` is to fulfil, 0 when cancelled."""

    order_sn: Number
    goods_id: Seen = None
    sku_id: Seen = None
    goods_name: Seen = None
    original_goods_name: Seen = None
    spec: Seen = None
    original_spec_name: Seen = None
    thumb_url: Seen = None
    order_status: Code | None = None
    original_order_quantity: Int | None = None
    canceled_quantity_before_shipment: Seen = None
    quantity: Int | None = None
    product_list: SeenProducts = None
    package_abnormal_type_list: SeenWords = None
    order_label: SeenLabels = None
    fulfillment_warning: SeenWords = None
    fulfillment_type: Seen = None
    inventory_deduction_warehouse_id: Seen = None
    inventory_deduction_warehouse_name: Seen = None
    order_payment_type: Seen = None
    is_cancelled_during_pending: Seen = None
    earliest_time_buy_shipping_label: Seen = None
    earliest_time_get_shipping_document: Seen = None
    order_shipping_time: Seen = None
    is_shipment_consolidated_by_main_mall: Seen = None
    order_create_time: Seen = None
    qualification_upload_end_time: Seen = None
    scheduled_delivery_time: Seen = None
    hs_code: Seen = None
    export_declared_value: SeenMoney = None


class ParentOrder(Record):
    """The parent of an order as the list shows it (§8.3); `update_time` is the last change of any kind."""

    parent_order_sn: Number
    parent_order_status: Code | None = None
    parent_order_time: Epoch | None = None
    parent_order_pending_finish_time: Seen = None
    parent_confirm_time: Seen = None
    expect_ship_latest_time: Seen = None
    latest_delivery_time: Seen = None
    parent_shipping_time: Seen = None
    update_time: Epoch
    site_id: Seen = None
    region_id: Seen = None
    parent_order_label: SeenLabels = None
    fulfillment_warning: SeenWords = None
    has_shipping_fee: Seen = None
    order_payment_type: Seen = None
    batch_order_number_list: SeenWords = None
    shipping_method: Seen = None
    is_shipment_consolidated_by_main_mall: Seen = None
    total_export_declared_value: SeenMoney = None


class Order(Record):
    """One entry of `bg.order.list.v2.get`: a parent with its lines, without prices or buyer."""

    parent_order_map: ParentOrder
    order_list: list[OrderLine] | None = None


class AmountLine(Record):
    """Money of one line (§9.1); `quantity` is the original one."""

    order_sn: Number


class OrderAmount(Record):
    """Money of one parent order, any of the three variants of §9; the parent block is kept as it came."""

    order_list: list[AmountLine] | None = None


class DetailParent(Record):
    """The parent inside an order's detail (§8.5): as in the list, without its update time.

    The region names are country and state; the city (`regionName3`) is personal and cut out before landing.
    """

    parent_order_sn: Number
    region_name1: Seen = None
    region_name2: Seen = None


class OrderDetail(Record):
    """One parent order with its destination and package numbers (§8.5)."""

    parent_order_map: DetailParent
    order_list: list[OrderLine] | None = None
