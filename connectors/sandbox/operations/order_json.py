"""Wire form of one order, for the list and the detail (API sections 8.3 to 8.5)."""

from __future__ import annotations

from connectors.sandbox.operations.operation import Json, money, to_json
from connectors.sandbox.world.destinations import destination_of
from connectors.sandbox.world.lifecycle import (
    CANCELED,
    DELIVER_WITHIN,
    PARTLY_SHIPPED,
    SHIP_WITHIN,
    TO_SHIP,
    Line,
    LineState,
    Order,
    OrderState,
    state_of,
)
from connectors.sandbox.world.parcels import parcels_of
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.shops import ShopProfile

SELLER, COOPERATIVE = "fulfillBySeller", "fulfillByCooperativeWarehouse"
BOTH = "both"
_SOON = 24 * 3600
_HS_CODES = {"Kitchen": "732393", "Apparel": "610910", "Home": "940542", "Electronics": "854442"}


def fulfillment(line: Line) -> str:
    """Who ships the line."""
    return COOPERATIVE if line.cooperative else SELLER


def page_item(shop: LiveShop, order: Order, which: str) -> bytes:
    """One element of `pageItems` as of the shop's now, kept until it moves; `which` is a fulfilment type or BOTH."""
    version = (order.version_at(shop.book.now), shop.book.updated_at(order))
    cached = order.rendered.get(which)
    if cached is None or cached[0] != version:
        cached = (version, to_json(_item(shop, order, version, which)))
        order.rendered[which] = cached
    return cached[1]


def detail(shop: LiveShop, order: Order, which: str) -> bytes:
    """The answer of the detail call: no `updateTime`, but region names and package numbers."""
    item = _item(shop, order, (order.version_at(shop.book.now), 0), which)
    del item["parentOrderMap"]["updateTime"]
    to = destination_of(order, shop.profile.region_id)
    names = (to.country, to.state, to.city) if to else (None, None, None)
    item["parentOrderMap"].update({f"regionName{level}": name for level, name in enumerate(names, 1)})
    parcels = parcels_of(order, shop.profile.region_id)
    packages = {order.lines[index].order_sn: parcel.sn for parcel in parcels for index in parcel.lines}
    for child in item["orderList"]:
        kind = 3 if child["fulfillmentType"] == COOPERATIVE else 1
        package = {"packageSn": packages.get(child["orderSn"]), "packageDeliveryType": kind, "callSuccess": True}
        child["packageSnInfo"] = [package] if child["orderShippingTime"] else []
        child["hasUploadedEvidence"] = None
    return to_json(item)


def _item(shop: LiveShop, order: Order, version: tuple[int, int], which: str) -> Json:
    state = state_of(order, version[0])
    children = [
        _child(shop.profile, order, line, now)
        for line, now in zip(order.lines, state.lines, strict=True)
        if which in (BOTH, fulfillment(line))
    ]
    return {
        "parentOrderMap": _parent(shop.profile, order, state, version[1] or state.updated_at),
        "orderList": children,
    }


def _parent(profile: ShopProfile, order: Order, state: OrderState, updated_at: int) -> Json:
    status, confirmed = state.status, state.confirmed_at
    parent: Json = {
        "parentOrderSn": order.sn,
        "parentOrderStatus": status,
        "parentOrderTime": order.placed,
        "parentOrderPendingFinishTime": confirmed,
        "parentConfirmTime": confirmed,
        "expectShipLatestTime": order.placed + SHIP_WITHIN if confirmed else None,
        "latestDeliveryTime": order.placed + DELIVER_WITHIN if confirmed else None,
        "parentShippingTime": None if status == CANCELED else state.shipped_at,
        "updateTime": updated_at,
        "siteId": profile.site_id,
        "regionId": profile.region_id,
        "parentOrderLabel": [{"name": name, "value": int(value)} for name, value in labels(order, state).items()],
        "fulfillmentWarning": ["SUGGEST_SIGNATURE_ON_DELIVERY"] if order.sign_on_delivery else [],
        "hasShippingFee": sum(line.shipping for line in order.lines) == 0,
        "orderPaymentType": "PPD",
        "batchOrderNumberList": None,
        "shippingMethod": 1,
        "isShipmentConsolidatedByMainMall": False,
    }
    if profile.gateway == "EU":
        declared = sum(line.unit_base * line.ordered for line in order.lines)
        parent["totalExportDeclaredValue"] = money(declared, profile.currency)
    return parent


def labels(order: Order, state: OrderState, at: int | None = None) -> dict[str, bool]:
    """Labels as of `at`; by default of the last change: nothing but an event may alter an order's bytes."""
    deadline, at = order.placed + SHIP_WITHIN, state.updated_at if at is None else at
    waiting = state.status in (TO_SHIP, PARTLY_SHIPPED)
    shipped = state.shipped_at or state.updated_at
    late = (waiting and at > deadline) or (state.shipped_at is not None and shipped > deadline)
    return {
        "soon_to_be_overdue": waiting and deadline - _SOON < at <= deadline,
        "past_due": late,
        "pending_buyer_cancellation": False,
        "pending_buyer_address_change": False,
        "pending_risk_control_alert": False,
        "signature_required_on_delivery": bool(order.sign_on_delivery),
    }


def _child(profile: ShopProfile, order: Order, line: Line, now: LineState) -> Json:
    listing = line.listing
    thumb = f"https://img.example.invalid/product/fancy/{listing.goods_id}/{listing.sku_id}.jpg?imageView2/2/w/300/q/70"
    name = listing.family.title
    child: Json = {
        "orderSn": line.order_sn,
        "goodsId": listing.goods_id,
        "skuId": listing.sku_id,
        "goodsName": f"{name}, Gift for Family and Friends",
        "originalGoodsName": name,
        "spec": listing.spec,
        "originalSpecName": listing.spec,
        "thumbUrl": thumb,
        "orderStatus": now.status,
        "originalOrderQuantity": line.ordered,
        "canceledQuantityBeforeShipment": now.canceled_before_shipment,
        "quantity": now.quantity,
        "productList": [
            {
                "productId": listing.product_id,
                "productSkuId": listing.product_sku_id,
                "soldFactor": 1,
                "extCode": listing.code,
            }
        ],
        "packageAbnormalTypeList": [],
        "orderLabel": [
            {"name": label, "value": 0}
            for label in (
                "customized_products",
                "US_to_CA",
                "pre_sale_order",
                "made_to_order",
                "is_US_to_CA_BBC",
                "Y2_advance_sale",
            )
        ],
        "fulfillmentWarning": [],
        "fulfillmentType": fulfillment(line),
        "inventoryDeductionWarehouseId": "WH-SBX-01" if line.cooperative else None,
        "inventoryDeductionWarehouseName": "Cooperative warehouse one" if line.cooperative else None,
        "orderPaymentType": "PPD",
        "isCancelledDuringPending": now.canceled_pending,
        "earliestTimeBuyShippingLabel": None,
        "earliestTimeGetShippingDocument": None,
        "orderShippingTime": None if now.status == CANCELED else now.shipped_at,
        "isShipmentConsolidatedByMainMall": False,
        "orderCreateTime": order.placed,
        "qualificationUploadEndTime": None,
    }
    if profile.gateway == "EU":
        child["hsCode"] = _HS_CODES.get(listing.family.category, "392690")
        child["exportDeclaredValue"] = money(line.unit_base * line.ordered, profile.currency)
        child["scheduledDeliveryTime"] = None
    return child
