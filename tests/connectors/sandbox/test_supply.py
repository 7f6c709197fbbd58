"""Cursor lists, supplier prices, stock and price orders agree with the page lists (API sections 10.2 to 10.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

GOODS, SKUS = "temu.local.goods.list.retrieve", "temu.local.sku.list.retrieve"
PRICES, STOCK = "bg.local.goods.sku.list.price.query", "temu.local.goods.sku.stock.query"
PRICE_ORDERS = "bg.local.goods.priceorder.query"


def listed(seller: Any) -> dict[int, dict[str, Any]]:
    """All SKUs of the page list."""
    pages = [
        seller.call("bg.local.goods.sku.list.query", pageNo=1, pageSize=100, skuSearchType=kind)["skuList"] or []
        for kind in (2, 3)
    ]
    return {sku["skuId"]: sku for page in pages for sku in page}


def walk(seller: Any, type_: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Answers until the token is null, empty or absent."""
    token = None
    while True:
        answer = seller.call(type_, pageToken=token, **parameters)
        yield answer
        token = answer["pagination"].get("nextToken")
        if not token:
            return


def test_the_cursor_shows_every_sku_once_with_text_ids_and_no_price(sellers: list[Any]) -> None:
    for seller in sellers:
        answers = list(walk(seller, SKUS, pageSize=7, skuSearchType="ALL"))
        rows = [row for answer in answers for row in answer["skuList"]]
        assert sorted(int(row["skuId"]) for row in rows) == sorted(listed(seller))
        assert {answer["total"] for answer in answers} == {len(rows)}
        assert all("price" not in row for row in rows)
        assert all(("stock" in row) == (seller.shop.profile.gateway == "EU") for row in rows)


def test_active_and_inactive_goods_share_out_all(sellers: list[Any]) -> None:
    for seller in sellers:
        ids = {
            word: [row["goodsId"] for one in walk(seller, GOODS, goodsSearchType=word) for row in one["goodsList"]]
            for word in ("ALL", "ACTIVE", "INACTIVE", "DRAFT")
        }
        assert sorted(ids["ACTIVE"] + ids["INACTIVE"]) == sorted(ids["ALL"])
        assert ids["DRAFT"] == []


def test_the_end_of_a_cursor_has_three_forms(sellers: list[Any]) -> None:
    ends = [list(walk(seller, GOODS, goodsSearchType="ALL"))[-1]["pagination"] for seller in sellers]
    assert [end.get("nextToken", "absent") for end in ends[:3]] == [None, "", "absent"]


@pytest.mark.parametrize("wrong", [{"pageSize": 101}, {"pageToken": "page-2"}, {"goodsSearchType": "SOLD"}])
def test_a_cursor_list_refuses_what_it_does_not_know(seller: Any, wrong: dict[str, Any]) -> None:
    assert seller.refusal(GOODS, **({"goodsSearchType": "ALL"} | wrong)) == 150010003


def test_the_supplier_price_is_the_price_of_the_sku_list(seller: Any) -> None:
    skus = listed(seller)
    asked: dict[int, list[int]] = {}
    for sku in skus.values():
        asked.setdefault(sku["goodsId"], []).append(sku["skuId"])
    wanted = [{"goodsId": goods, "skuIdList": ids} for goods, ids in asked.items()]
    goods = seller.call(PRICES, querySupplierPriceBaseList=wanted)["openapiGoodsSupplierPriceDTOList"]
    prices = {one["skuId"]: one["supplierPrice"] for each in goods for one in each["openapiSkuSupplierPriceDTOList"]}
    assert prices == {key: {"amount": sku["price"], "currency": sku["currency"]} for key, sku in skus.items()}


def test_supplier_prices_and_price_orders_are_for_local_shops_only(sellers: list[Any]) -> None:
    semi = sellers[3]
    assert semi.refusal(PRICES, querySupplierPriceBaseList=[{"goodsId": 1, "skuIdList": [2]}]) == 3000032
    assert semi.refusal(PRICE_ORDERS, page=1, size=50) == 3000032


def test_the_stock_query_tells_the_stock_of_the_sku_list(sellers: list[Any]) -> None:
    for seller in sellers:
        skus = listed(seller)
        goods = seller.call(STOCK, skuIdList=list(skus))["stockList"]
        stocks = {one["skuId"]: one["selfOrdinaryStock"]["stock"] for each in goods for one in each["skuStockInfoList"]}
        assert stocks == {key: sku["stock"] for key, sku in skus.items()}
    assert seller.refusal(STOCK) == 150010003


def test_price_orders_page_by_fewer_than_a_hundred_and_explain_price_changes(sellers: list[Any]) -> None:
    seller = sellers[1]
    assert seller.refusal(PRICE_ORDERS, page=1, size=100) == 150010003
    first = seller.call(PRICE_ORDERS, page=1, size=99)
    assert first["total"] == len(listed(seller))
    changes = seller.call(PRICE_ORDERS, page=1, size=99, priceOrderType=2)["priceAuditList"]
    assert seller.call(PRICE_ORDERS, page=9, size=99)["priceAuditList"] is None
    agreed = {order["skuIdList"][0]: order for order in changes if order["status"] == 3}
    assert agreed
    for sku_id, order in agreed.items():
        assert order["targetSupplierPrice"]["amount"] == listed(seller)[sku_id]["price"]
        assert float(order["sourceSupplierPrice"]["amount"]) > float(order["targetSupplierPrice"]["amount"])
