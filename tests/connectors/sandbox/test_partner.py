"""PARTNER and CN: other codes, seller-side ids, the same world (API sections 4.2 and 10.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.errors import TransientError
from connectors.temu.errors import meaning
from tests.connectors.sandbox.conftest import Seller, md5_sign

NOW = 1795161600


class PartnerSeller:
    """The semi-managed shop on a gateway of cross-border goods."""

    def __init__(self, seller: Seller, gateway: str) -> None:
        self.seller, self.gateway = seller, gateway

    def send(self, type_: str, secret: str | None = None, **parameters: Any) -> dict[str, Any]:
        given = self.seller.gateway.sandbox.tokens.credentials(self.seller.shop, self.gateway)
        body = {
            "type": type_, "app_key": given.app_key, "access_token": given.access_token, "timestamp": NOW,
            "data_type": "JSON",
        } | parameters  # fmt: skip
        body = {key: value for key, value in body.items() if value is not None}
        return self.seller.send(body | {"sign": md5_sign(body, secret or given.app_secret)}, self.gateway)

    def call(self, type_: str, **parameters: Any) -> Any:
        envelope = self.send(type_, **parameters)
        assert envelope["success"], envelope
        return envelope["result"]


@pytest.fixture
def partner(sellers: list[Seller]) -> PartnerSeller:
    return PartnerSeller(sellers[3], "PARTNER")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type_": ""}, 7000000),
        ({"type_": "bg.order.list.v2.get"}, 7000016),
        ({"app_key": None}, 7000002),
        ({"access_token": None}, 7000003),
        ({"app_key": "0" * 32}, 7000005),
        ({"timestamp": None}, 7000008),
        ({"timestamp": NOW - 301}, 7000010),
        ({"timestamp": NOW + 301}, 7000011),
        ({"data_type": "XML"}, 7000013),
        ({"secret": "wrong"}, 7000015),
        ({"access_token": "a" * 59}, 7000018),
    ],
)
def test_refusals_have_the_numbers_of_this_gateway(partner: PartnerSeller, change: dict[str, Any], code: int) -> None:
    asked = {"type_": "bg.glo.goods.list.get"} | change
    assert partner.send(**asked)["errorCode"] == code


@pytest.mark.parametrize("gateway", ["PARTNER", "CN"])
def test_a_failing_service_is_trouble_that_passes_and_no_missing_type(
    own_gateway: Any, seller_of: Any, gateway: str
) -> None:
    own_gateway.sandbox.faults.replace([{"kind": "business_error", "count": 1}])
    partner = PartnerSeller(seller_of(own_gateway, 3), gateway)
    code = partner.send("bg.glo.goods.list.get")["errorCode"]
    assert code == 4000000
    assert meaning(code, gateway=gateway).error is TransientError
    assert partner.send("bg.glo.goods.list.get")["success"]


def test_a_router_token_is_foreign_here_and_the_other_way_round(partner: PartnerSeller) -> None:
    router = partner.seller.gateway.sandbox.tokens.credentials(partner.seller.shop)
    assert partner.send("bg.glo.goods.list.get", access_token=router.access_token)["errorCode"] == 7000006
    assert partner.seller.refusal("bg.glo.goods.list.get") == 3000003


def test_products_hold_every_sku_that_orders_name_by_seller_ids(partner: PartnerSeller, both: list[str]) -> None:
    products = partner.call("bg.glo.goods.list.get", page=1, pageSize=100)
    assert products["totalCount"] == len(products["data"])
    skus = {sku["productSkuId"]: sku["extCode"] for one in products["data"] for sku in one["productSkuSummaries"]}
    lines = [line for item in partner.seller.pages(fulfillmentTypeList=both) for line in item["orderList"]]
    for line in lines:
        [product] = line["productList"]
        assert skus[product["productSkuId"]] == product["extCode"]


def test_stock_and_price_speak_of_the_same_skus(partner: PartnerSeller) -> None:
    products = partner.call("bg.glo.goods.list.get", page=1, pageSize=100)["data"]
    ids = [sku["productSkuId"] for one in products for sku in one["productSkuSummaries"]]
    prices = partner.call("temu.goods.price.list.get", productSkuIds=ids)["productSkuSupplierPriceList"]
    assert {price["productSkuId"] for price in prices} == set(ids)
    assert {price["currencyType"] for price in prices} == {"CNY"}
    for product in products:
        rows = partner.call("bg.btg.goods.stock.quantity.get", productSkcId=product["productSkcId"])
        virtual = {sku["productSkuId"]: sku["virtualStock"] for sku in product["productSkuSummaries"]}
        for row in rows["productSkuStockList"]:
            assert row["skuStockQuantity"] in (None, virtual[row["productSkuId"]])


def test_full_managed_counters_are_on_cn_only_and_grow_with_the_span(partner: PartnerSeller) -> None:
    assert partner.send("bg.goods.salesv2.get", page=1, pageSize=50)["errorCode"] == 7000016
    cn = PartnerSeller(partner.seller, "CN")
    rows = cn.call("bg.goods.salesv2.get", page=1, pageSize=100)["subOrderList"]
    counters = [one for row in rows for one in row["skuQuantityDetailList"]]
    assert sum(one["lastThirtyDaysSaleVolume"] for one in counters) > 0
    for one in counters:
        assert one["todaySaleVolume"] <= one["lastSevenDaysSaleVolume"] <= one["lastThirtyDaysSaleVolume"]


def test_the_token_describes_itself_with_what_this_gateway_offers(partner: PartnerSeller) -> None:
    scopes = partner.call("bg.open.accesstoken.info.get.global")["apiScopeList"]
    assert "bg.btg.goods.stock.quantity.get" in scopes
    assert "bg.order.list.v2.get" not in json.dumps(scopes)
