"""`temu.local.goods.list.retrieve` and `temu.local.sku.list.retrieve`: the lists with a cursor (API section 10.2).

Ids are text here, times are milliseconds, and there are neither prices nor, but for the EU, stock. The token names the
last record shown, so nothing shifts while somebody reads. How the last page says that it is the last differs by shop:
a null, an empty or an absent token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from connectors.sandbox.envelope import GOODS_INVALID, GatewayError
from connectors.sandbox.operations.goods import FOR_SALE, bucket_of, created_at, listed_shelves, sub_status_of
from connectors.sandbox.operations.operation import Call, Json, Operation, to_json
from connectors.sandbox.parameters import Form
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.stock import Shelf

T = TypeVar("T")
_SEARCH_TYPES = ("ALL", "ACTIVE", "INACTIVE", "INCOMPLETE", "DRAFT", "DELETED")
_SUB_STATUS_WORDS = {2001: "ON_SALE", 3002: "OFF_SALE", 3003: "SOLD_OUT"}
_DEFAULT_SIZE, _LIMIT = 25, 100


def retrieve_goods(call: Call) -> bytes:
    """Goods after the token; a goods is active while one of its SKUs is for sale."""
    groups: dict[int, list[Shelf]] = {}
    for shelf in listed_shelves(call):
        groups.setdefault(shelf.listing.goods_id, []).append(shelf)
    wanted = _word(call, "goodsSearchType", "goodsIdList")
    ids = call.params.get("goodsIdList") or ()
    found = [
        group
        for goods_id, group in sorted(groups.items(), reverse=True)
        if _is_wanted(wanted, any(bucket_of(call, shelf) == FOR_SALE for shelf in group))
        and (not ids or str(goods_id) in ids)
    ]
    return _answer(call, found, "goodsList", _goods, lambda group: group[0].listing.goods_id)


def retrieve_skus(call: Call) -> bytes:
    """SKUs after the token."""
    wanted = _word(call, "skuSearchType", "skuIdList")
    ids = call.params.get("skuIdList") or ()
    found = [
        shelf
        for shelf in sorted(listed_shelves(call), key=lambda one: -one.listing.sku_id)
        if _is_wanted(wanted, bucket_of(call, shelf) == FOR_SALE) and (not ids or str(shelf.listing.sku_id) in ids)
    ]
    return _answer(call, found, "skuList", _sku, lambda shelf: shelf.listing.sku_id)


def _word(call: Call, name: str, ids: str) -> str:
    word = call.params.get(name)
    if word is None and call.params.get(ids):
        return "ALL"
    if word not in _SEARCH_TYPES:
        raise GatewayError(GOODS_INVALID, name)
    return str(word)


def _is_wanted(word: str, active: bool) -> bool:
    return word == "ALL" or word == ("ACTIVE" if active else "INACTIVE")


def _answer(
    call: Call, found: Sequence[T], rows: str, render: Callable[[Call, T], Json], key: Callable[[T], int]
) -> bytes:
    size = call.params.get("pageSize") or _DEFAULT_SIZE
    if not 1 <= size <= _LIMIT:
        raise GatewayError(GOODS_INVALID, "pageSize")
    token = call.params.get("pageToken") or ""
    if token and not (token.startswith("after-") and token[6:].isdigit()):
        raise GatewayError(GOODS_INVALID, "pageToken")
    rest = [one for one in found if not token or key(one) < int(token[6:])]
    shown = rest[:size]
    pagination: Json = {"previousToken": token or None}
    if len(rest) > size:
        pagination["nextToken"] = f"after-{key(shown[-1])}"
    elif call.shop.profile.number % 3:
        pagination["nextToken"] = None if call.shop.profile.number % 3 == 1 else ""
    return to_json({"total": len(found), "pagination": pagination, rows: [render(call, one) for one in shown]})


def _goods(call: Call, group: list[Shelf]) -> Json:
    first = group[0].listing
    created = created_at(call, first) * 1000
    active = any(bucket_of(call, shelf) == FOR_SALE for shelf in group)
    return {
        "goodsId": str(first.goods_id),
        "goodsName": first.family.title,
        "thumbUrl": f"https://img.example.invalid/product/fancy/{first.goods_id}.jpg",
        "outGoodsSn": first.family.stem,
        "goodsStatus": "ACTIVE" if active else "INACTIVE",
        "goodsCreateTime": created,
        "goodsStatusChangeTime": created + DAY * 1000,
        "catId": str(31_000 + sum(map(ord, first.family.category)) % 500),
        "catType": 1,
        "brandId": None,
        "trademarkId": None,
        "costTemplateId": "SBX-TPL-1",
        "shipmentLimitSecond": 172_800,
        "variationsCount": len(group),
        "lowTrafficTag": 2,
        "restrictedTrafficTag": 2,
        "skuInfoList": [
            {
                "skuId": shelf.listing.sku_id,
                "skuSn": shelf.listing.code,
                "specList": [{"specId": 14_000_000 + shelf.listing.variant, "parentSpecId": 1001}],
            }
            for shelf in group
        ],
    }


def _sku(call: Call, shelf: Shelf) -> Json:
    listing = shelf.listing
    created = created_at(call, listing) * 1000
    row: Json = {
        "goodsId": str(listing.goods_id),
        "skuId": str(listing.sku_id),
        "outSkuSn": listing.code,
        "outGoodsSn": listing.family.stem,
        "goodsName": listing.family.title,
        "specName": listing.spec,
        "skuStatus": "ACTIVE" if bucket_of(call, shelf) == FOR_SALE else "INACTIVE",
        "skuSubStatus": _SUB_STATUS_WORDS[sub_status_of(call, shelf)],
        "goodsCreateTime": created,
        "skuStatusChangeTime": created + DAY * 1000,
        "catId": str(31_000 + sum(map(ord, listing.family.category)) % 500),
        "catType": 1,
        "thumbUrl": f"https://img.example.invalid/product/fancy/{listing.goods_id}/{listing.sku_id}.jpg",
        "volumeInfo": {"length": "30.00", "width": "20.00", "height": "8.00", "unit": "cm"},
        "weightInfo": {"weight": "0.45", "unit": "kg"},
        "specList": [{"specId": 14_000_000 + listing.variant, "parentSpecId": 1001, "specName": listing.spec}],
        "lowTrafficTag": 2,
        "restrictedTrafficTag": 2,
    }
    return row | ({"stock": shelf.level_at(call.now)} if call.region == "EU" else {})


_FORMS = {
    "pageSize": Form.INT,
    "orderType": Form.INT,
    **dict.fromkeys(("pageToken", "orderField", "goodsSearchType", "skuSearchType", "goodsName"), Form.STRING),
    **dict.fromkeys(("goodsIdList", "outGoodsSnList", "skuIdList", "outSkuSnList", "catIdList"), Form.STRINGS),
    **dict.fromkeys(("goodsCreateTimeFrom", "goodsCreateTimeTo"), Form.INT),
    "goodsSearchTags": Form.INTS,
}

OPERATIONS = (
    Operation("temu.local.goods.list.retrieve", retrieve_goods, _FORMS, rows="goodsList", total="total", key="goodsId"),
    Operation("temu.local.sku.list.retrieve", retrieve_skus, _FORMS, rows="skuList", total="total", key="skuId"),
)
