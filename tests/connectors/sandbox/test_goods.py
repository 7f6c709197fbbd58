"""SKU and goods lists: buckets, prices, stock (API sections 10.1, 10.3)."""

from __future__ import annotations

import re
from typing import Any

import pytest

SKUS, GOODS = "bg.local.goods.sku.list.query", "bg.local.goods.list.query"


def skus(seller: Any, bucket: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = 1
    while found := seller.call(SKUS, pageNo=page, pageSize=7, skuSearchType=bucket)["skuList"]:
        rows += found
        page += 1
    return rows


def test_the_two_buckets_share_out_every_sku_once(sellers: list[Any]) -> None:
    for seller in sellers:
        on, off = skus(seller, 2), skus(seller, 3)
        ids = [sku["skuId"] for sku in on + off]
        assert len(ids) == len(set(ids))
        assert all(sku["stock"] > 0 and sku["subStatus4VO"] == 2001 for sku in on)
        assert all(sku["subStatus4VO"] in (3002, 3003) and sku["goodsIsOnSale"] == 0 for sku in off)


def test_every_sold_sku_is_listed_and_prices_are_decimal_strings(sellers: list[Any], both: list[str]) -> None:
    for seller in sellers:
        listed = {sku["skuId"]: sku for bucket in (2, 3) for sku in skus(seller, bucket)}
        sold = {line["skuId"] for item in seller.pages(fulfillmentTypeList=both) for line in item["orderList"]}
        assert sold <= listed.keys()
        for sku in listed.values():
            assert re.fullmatch(r"\d+\.\d\d", sku["price"])
            assert sku["currency"] == seller.shop.profile.currency


def test_semi_managed_shops_link_by_code_and_price_in_cny(sellers: list[Any], both: list[str]) -> None:
    seller = sellers[3]
    codes = {sku["skuSn"]: sku["currency"] for bucket in (2, 3) for sku in skus(seller, bucket)}
    assert set(codes.values()) == {"CNY"}
    for item in seller.pages(fulfillmentTypeList=both):
        for line in item["orderList"]:
            assert line["productList"][0]["extCode"] in codes


def test_local_shops_have_a_missing_and_a_placeholder_code(sellers: list[Any]) -> None:
    codes = [sku["skuSn"] for seller in sellers[:3] for bucket in (2, 3) for sku in skus(seller, bucket)]
    assert None in codes
    assert "1PC" in codes


def test_stock_falls_by_what_was_ordered(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    sandbox = own_gateway.sandbox
    shelves = list(seller.shop.shelves.values())
    start = sandbox.now()
    sandbox.advance(15 * 3600)
    ordered: dict[int, int] = {}
    for order in seller.shop.book.by_sn.values():
        if start < order.placed <= sandbox.now():
            for line in order.lines:
                ordered[line.listing.sku_id] = ordered.get(line.listing.sku_id, 0) + line.ordered
    assert ordered
    for shelf in shelves:
        fallen = shelf.level_at(start) - shelf.level_at(sandbox.now())
        assert fallen == ordered.get(shelf.listing.sku_id, 0)


def test_empty_buckets_are_null_and_pages_are_limited(seller: Any) -> None:
    assert seller.call(GOODS, pageNo=1, pageSize=10, goodsSearchType=6) == {"pageNo": 1, "total": 0, "goodsList": None}
    assert seller.refusal(SKUS, pageNo=1, pageSize=101, skuSearchType=2) == 150010003
    assert seller.refusal(SKUS, pageNo=1, pageSize=10) == 150010003
    assert seller.refusal(SKUS, pageNo=1, pageSize=10, skuSearchType="2") == 3000000


def test_goods_gather_their_skus(seller: Any) -> None:
    goods = seller.call(GOODS, pageNo=1, pageSize=100, goodsSearchType=1)
    by_id = {sku["skuId"]: sku for bucket in (2, 3) for sku in skus(seller, bucket)}
    assert sorted(sku for row in goods["goodsList"] for sku in row["skuIdList"]) == sorted(by_id)
    for row in goods["goodsList"]:
        assert row["quantity"] == sum(by_id[sku]["stock"] for sku in row["skuIdList"])


@pytest.mark.parametrize("name", ["crtFrom", "crtTo"])
def test_creation_filters_count_milliseconds(seller: Any, name: str) -> None:
    first = skus(seller, 2)[0]
    bound = {name: first["crtTime"] * 1000}
    found = seller.call(SKUS, pageNo=1, pageSize=100, skuSearchType=2, **bound)["skuList"]
    assert first in found
