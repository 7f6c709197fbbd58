"""`bg.local.goods.sku.list.query` and `bg.local.goods.list.query` (API sections 10.1, 10.3).

Both split the catalogue into buckets that must be asked for one by one; there is no history.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.sandbox.envelope import GOODS_INVALID, GatewayError
from connectors.sandbox.operations.operation import Call, Json, Operation, decimal_money, decimal_string, to_json
from connectors.sandbox.parameters import Form, page_of
from connectors.sandbox.world.catalogue import Listing
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.stock import Shelf

FOR_SALE, NOT_FOR_SALE = 2, 3
ON_SALE, OFF_BY_SELLER, SOLD_OUT = 2001, 3002, 3003
ON_OR_OFF_SHELF = 1


def list_skus(call: Call) -> bytes:
    """One page of SKUs with stock and supply price; bucket 2 is for sale, 3 is sold out or taken off."""
    page, size = page_of(call.params, number="pageNo", size="pageSize", default=10, limit=100, invalid=GOODS_INVALID)
    bucket = call.params.get("skuSearchType") or call.params.get("skuStatusFilterType")
    if bucket not in (FOR_SALE, NOT_FOR_SALE):
        raise GatewayError(GOODS_INVALID, "skuSearchType")
    wanted = call.params.get("skuIdList")
    shelves = [
        shelf
        for shelf in listed_shelves(call)
        if bucket_of(call, shelf) == bucket
        and (not wanted or shelf.listing.sku_id in wanted)
        and _created_in_range(call, shelf.listing)
        and mentions(call, shelf.listing.family.title, shelf.listing.sku_id, shelf.listing.code)
    ]
    rows = shelves[(page - 1) * size : page * size]
    return to_json({"pageNo": page, "total": len(shelves), "skuList": [_sku(call, shelf) for shelf in rows] or None})


def list_goods(call: Call) -> bytes:
    """One page of goods; everything ever listed is in the bucket of goods on or off the shelf."""
    page, size = page_of(call.params, number="pageNo", size="pageSize", default=10, limit=100, invalid=GOODS_INVALID)
    bucket = call.params.get("goodsSearchType") or call.params.get("goodsStatusFilterType")
    wanted = call.params.get("goodsIdList")
    if bucket is None and not wanted:
        raise GatewayError(GOODS_INVALID, "goodsSearchType")
    goods: dict[int, list[Shelf]] = {}
    for shelf in listed_shelves(call) if bucket in (None, ON_OR_OFF_SHELF) else []:
        listing = shelf.listing
        if (
            (not wanted or listing.goods_id in wanted)
            and _created_in_range(call, listing)
            and mentions(call, listing.family.title, listing.goods_id, listing.family.stem)
        ):
            goods.setdefault(listing.goods_id, []).append(shelf)
    groups = list(goods.values())
    rows = [_goods(call, group) for group in groups[(page - 1) * size : page * size]]
    return to_json({"pageNo": page, "total": len(groups), "goodsList": rows or None})


def listed_shelves(call: Call) -> list[Shelf]:
    """What is listed now, youngest first (default order: creation, descending)."""
    day = call.shop.day_since_opening(call.now)
    listed = [shelf for shelf in call.shop.shelves.values() if shelf.listing.is_listed_on(day)]
    return sorted(listed, key=lambda shelf: (-shelf.listing.launch, -shelf.listing.sku_id))


def sub_status_of(call: Call, shelf: Shelf) -> int:
    """On sale, taken off by the seller, or sold out."""
    if shelf.listing.is_retired_on(call.shop.day_since_opening(call.now)):
        return OFF_BY_SELLER
    return ON_SALE if shelf.level_at(call.now) > 0 else SOLD_OUT


def bucket_of(call: Call, shelf: Shelf) -> int:
    """2 for sale, 3 not for sale."""
    return FOR_SALE if sub_status_of(call, shelf) == ON_SALE else NOT_FOR_SALE


def created_at(call: Call, listing: Listing) -> int:
    """Epoch seconds of the listing's creation."""
    return (call.shop.spec.opening + listing.launch) * DAY + 2 * 3600


def _created_in_range(call: Call, listing: Listing) -> bool:
    """`crtFrom` and `crtTo` are milliseconds, both inclusive."""
    created = created_at(call, listing) * 1000
    low, high = call.params.get("crtFrom"), call.params.get("crtTo")
    return (low is None or low <= created) and (high is None or created <= high)


def mentions(call: Call, *texts: object) -> bool:
    """Whether one of the texts holds the caller's `searchText`."""
    wanted = call.params.get("searchText")
    return not wanted or any(wanted.lower() in str(text).lower() for text in texts)


def _sku(call: Call, shelf: Shelf) -> Json:
    listing, currency = shelf.listing, call.shop.profile.currency
    sub_status = sub_status_of(call, shelf)
    price = listing.price_on(call.shop.day_since_opening(call.now))
    return {
        "goodsId": listing.goods_id,
        "skuId": listing.sku_id,
        "skuSn": listing.code,
        "goodsName": listing.family.title,
        "specName": listing.spec,
        "thumbUrl": f"https://img.example.invalid/product/fancy/{listing.goods_id}/{listing.sku_id}.jpg",
        "stock": shelf.level_at(call.now),
        "price": decimal_string(price),
        "currency": currency,
        "retailPrice": decimal_money(price * 132 // 100, currency),
        "crtTime": created_at(call, listing),
        "status4VO": FOR_SALE if sub_status == ON_SALE else NOT_FOR_SALE,
        "subStatus4VO": sub_status,
        "skuShowSubStatus4VO": sub_status,
        "goodsIsOnSale": int(sub_status == ON_SALE),
        "skuStatusChangeTime": str((created_at(call, listing) + DAY) * 1000),
        "volumeInfo": {"length": "30.00", "width": "20.00", "height": "8.00", "unit": "cm"},
        "weightInfo": {"weight": "0.45", "unit": "kg"},
        "specList": [{"specId": 14_000_000 + listing.variant, "parentSpecId": 1001}],
        "lowTrafficTag": 2,
        "restrictedTrafficTag": 2,
    }


def _goods(call: Call, group: Sequence[Shelf]) -> Json:
    first, currency = group[0].listing, call.shop.profile.currency
    sub_status = (
        ON_SALE if any(sub_status_of(call, shelf) == ON_SALE for shelf in group) else sub_status_of(call, group[0])
    )
    price = first.price_on(call.shop.day_since_opening(call.now))
    return {
        "goodsId": first.goods_id,
        "goodsName": first.family.title,
        "specName": None,
        "thumbUrl": f"https://img.example.invalid/product/fancy/{first.goods_id}.jpg",
        "outGoodsSn": first.family.stem,
        "status4VO": 1,
        "subStatus4VO": sub_status,
        "goodsShowSubStatus": sub_status,
        "currency": currency,
        "price": decimal_string(price),
        "retailPrice": decimal_money(price * 132 // 100, currency),
        "listPrice": decimal_money(price * 2, currency),
        "marketPrice": price * 2,
        "skuIdList": [shelf.listing.sku_id for shelf in group],
        "outSkuSnList": [shelf.listing.code for shelf in group if shelf.listing.code],
        "skuInfoList": [
            {
                "skuId": shelf.listing.sku_id,
                "skuSn": shelf.listing.code,
                "specList": [{"specId": 14_000_000 + shelf.listing.variant, "parentSpecId": 1001}],
            }
            for shelf in group
        ],
        "quantity": sum(shelf.level_at(call.now) for shelf in group),
        "crtTime": created_at(call, first),
        "goodsStatusChangeTime": str((created_at(call, first) + DAY) * 1000),
        "catId": 31_000 + sum(map(ord, first.family.category)) % 500,
        "brandId": None,
        "trademarkId": None,
        "costTemplateId": "SBX-TPL-1",
        "shipmentLimitSecond": 172_800,
        "lowTrafficTag": 2,
        "restrictedTrafficTag": 2,
    }


_COMMON = {
    **dict.fromkeys(("pageNo", "pageSize", "crtFrom", "crtTo", "orderType"), Form.INT),
    **dict.fromkeys(("catIdList", "goodsSearchTags", "skuIdList", "goodsIdList"), Form.INTS),
    **dict.fromkeys(("searchText", "orderField"), Form.STRING),
}
_SKU_FORMS = {
    **_COMMON,
    **dict.fromkeys(
        (
            "skuSearchType",
            "skuStatusFilterType",
            "skuSubStatusFilterType",
            "skuStatusChangeTimeFrom",
            "skuStatusChangeTimeTo",
        ),
        Form.INT,
    ),
}
_GOODS_FORMS = {
    **_COMMON,
    **dict.fromkeys(
        (
            "goodsSearchType", "goodsStatusFilterType", "goodsSubStatusFilterType", "goodsStatusChangeTimeFrom",
            "goodsStatusChangeTimeTo",
        ),
        Form.INT,
    ),
}  # fmt: skip

OPERATIONS = (
    Operation("bg.local.goods.sku.list.query", list_skus, _SKU_FORMS, rows="skuList", total="total", key="skuId"),
    Operation("bg.local.goods.list.query", list_goods, _GOODS_FORMS, rows="goodsList", total="total", key="goodsId"),
)
