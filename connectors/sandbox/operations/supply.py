"""Supplier prices, stock and price orders of local listings (API section 10.4).

Prices are decimal strings with their currency. Prices and price orders are sensitive; stock is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.sandbox.envelope import GOODS_INVALID, GatewayError
from connectors.sandbox.operations.goods import listed_shelves
from connectors.sandbox.operations.operation import Call, Json, Operation, decimal_money, to_json
from connectors.sandbox.parameters import Form, page_of
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.stock import Shelf

FIRST_PRICING, PRICE_CHANGE = 1, 2
_AGREED, _WAITING = 3, 1
_IDS_AT_ONCE = 100
_ASKED_BEFORE = 3
"""A new price is asked for this many days before it applies."""


def list_supplier_prices(call: Call) -> bytes:
    """The price that each named SKU is supplied at now; what the shop does not list is left out."""
    asked = call.params.get("querySupplierPriceBaseList")
    if not asked:
        raise GatewayError(GOODS_INVALID, "querySupplierPriceBaseList")
    if sum(len(one.get("skuIdList") or ()) for one in asked) > _IDS_AT_ONCE:
        raise GatewayError(GOODS_INVALID, "querySupplierPriceBaseList")
    shelves = {shelf.listing.sku_id: shelf for shelf in listed_shelves(call)}
    goods = []
    for one in asked:
        named = [shelves[sku_id] for sku_id in one.get("skuIdList") or () if sku_id in shelves]
        mine = [shelf for shelf in named if shelf.listing.goods_id == one.get("goodsId")]
        if mine:
            prices = [_supplier_price(call, shelf) for shelf in mine]
            goods.append({"goodsId": one["goodsId"], "openapiSkuSupplierPriceDTOList": prices})
    return to_json({"openapiGoodsSupplierPriceDTOList": goods})


def _supplier_price(call: Call, shelf: Shelf) -> Json:
    price = shelf.listing.price_on(call.shop.day_since_opening(call.now))
    return {"skuId": shelf.listing.sku_id, "supplierPrice": decimal_money(price, call.shop.profile.currency)}


def list_stocks(call: Call) -> bytes:
    """Stock of one goods or of named SKUs, grouped by goods."""
    params = call.params
    if not any(params.get(name) for name in ("goodsId", "skuIdList", "outSkuSnList")):
        raise GatewayError(GOODS_INVALID, "skuIdList")
    if len(params.get("skuIdList") or ()) > _IDS_AT_ONCE:
        raise GatewayError(GOODS_INVALID, "skuIdList")
    groups: dict[int, list[Shelf]] = {}
    for shelf in listed_shelves(call):
        listing = shelf.listing
        if (
            listing.goods_id == params.get("goodsId")
            or listing.sku_id in (params.get("skuIdList") or ())
            or listing.code in (params.get("outSkuSnList") or ())
        ):
            groups.setdefault(listing.goods_id, []).append(shelf)
    return to_json(
        {
            "stockList": [
                {"goodsId": goods_id, "skuStockInfoList": [_stock(call, shelf) for shelf in group]}
                for goods_id, group in groups.items()
            ]
        }
    )


def _stock(call: Call, shelf: Shelf) -> Json:
    return {
        "skuId": shelf.listing.sku_id,
        "outSkuSn": shelf.listing.code,
        "selfOrdinaryStock": {"stock": shelf.level_at(call.now), "stockType": 0},
        "selfPreSaleStock": {
            "stock": 0, "stockType": 1, "preSaleEndTime": None, "mallPreSaleSkuNumLimit": None,
            "skuPreSaleStockLimit": None,
        },
        "certOrdinaryStock": {"stock": 0, "stockType": 2},
    }  # fmt: skip


def list_price_orders(call: Call) -> bytes:
    """One page of price orders: type 1 opened with every goods, type 2 before each later price."""
    page, size = page_of(call.params, number="page", size="size", default=10, limit=99, invalid=GOODS_INVALID)
    kind = call.params.get("priceOrderType") or FIRST_PRICING
    if kind not in (FIRST_PRICING, PRICE_CHANGE):
        raise GatewayError(GOODS_INVALID, "priceOrderType")
    wanted = call.params.get("goodsIdList")
    orders = [order for order in _price_orders(call, kind) if not wanted or str(order["goodsId"]) in wanted]
    rows: Sequence[Json] = orders[(page - 1) * size : page * size]
    return to_json({"pageNum": page, "total": len(orders), "priceAuditList": rows or None})


def _price_orders(call: Call, kind: int) -> list[Json]:
    today = call.shop.day_since_opening(call.now)
    orders = []
    for shelf in listed_shelves(call):
        begins = shelf.listing.launch if kind == FIRST_PRICING else shelf.listing.price_change_day
        if begins - _ASKED_BEFORE <= today:
            orders.append(_price_order(call, shelf, kind, begins, agreed=begins <= today))
    return orders


def _price_order(call: Call, shelf: Shelf, kind: int, begins: int, *, agreed: bool) -> Json:
    listing, currency = shelf.listing, call.shop.profile.currency
    before, after = listing.price_on(begins - 1), listing.price_on(begins)
    return {
        "priceOrderId": 7_000_000_000 + listing.sku_id % 10**8 * 10 + kind,
        "priceCommitId": kind,
        "priceCommitVersion": 1,
        "goodsId": listing.goods_id,
        "skuIdList": [listing.sku_id],
        "specName": [listing.spec],
        "pricingType": kind,
        "status": _AGREED if agreed else _WAITING,
        "sourceSupplierPrice": decimal_money(before, currency) if kind == PRICE_CHANGE else None,
        "targetSupplierPrice": decimal_money(after, currency),
        "suggestSupplierPrice": decimal_money(after * 97 // 100, currency) if kind == PRICE_CHANGE else None,
        "reason": None,
        "rejectTypeDesc": None,
        "createTime": (call.shop.spec.opening + begins - _ASKED_BEFORE) * DAY * 1000,
    }


_PRICE_ORDER_FORMS = {
    **dict.fromkeys(("page", "size", "priceOrderType", "priceOrderSubType", "status"), Form.INT),
    **dict.fromkeys(("goodsIdList", "priceOrderSnList"), Form.STRINGS),
    "orderBy": Form.STRING,
}

OPERATIONS = (
    Operation(
        "bg.local.goods.sku.list.price.query", list_supplier_prices,
        {"querySupplierPriceBaseList": Form.OBJECTS, "language": Form.STRING}, sensitive=True,
    ),
    Operation(
        "temu.local.goods.sku.stock.query", list_stocks,
        {"goodsId": Form.INT, "skuIdList": Form.INTS, "outSkuSnList": Form.STRINGS, "language": Form.STRING},
    ),
    Operation(
        "bg.local.goods.priceorder.query", list_price_orders, _PRICE_ORDER_FORMS, sensitive=True,
        rows="priceAuditList", total="total", key="priceOrderId",
    ),
)  # fmt: skip
