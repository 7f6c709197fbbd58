"""The simplified REST face: signature, refusals, flat records of the same world (API section 17)."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from connectors.sandbox.rest import RestFace

NOW = 1795161600


@pytest.fixture
def rest(seller: Any) -> Any:
    return RestCaller(seller)


class RestCaller:
    """One shop's calls, signed by section 17 written out anew."""

    def __init__(self, seller: Any) -> None:
        self.seller = seller
        self.face = RestFace(seller.gateway.sandbox)

    def send(self, path: str, secret: str | None = None, **parameters: Any) -> tuple[int, dict[str, Any]]:
        given = self.seller.gateway.sandbox.tokens.credentials(self.seller.shop)
        common = {"app_key": given.app_key, "access_token": given.access_token, "timestamp": NOW}
        body = common | parameters
        key = secret or given.app_secret
        text = "".join(f"{name}{body[name]}" for name in sorted(body))
        sign = hmac.new(key.encode(), f"{key}{text}{key}".encode(), hashlib.sha256).hexdigest().upper()
        region = self.seller.shop.profile.gateway
        status, answer, _ = self.face.answer(region, path, json.dumps(body | {"sign": sign}).encode())
        return status, json.loads(answer)

    def call(self, path: str, **parameters: Any) -> Any:
        status, answer = self.send(path, **parameters)
        assert (status, answer["success"]) == (200, True), answer
        return answer["result"]


def test_every_child_order_is_an_order_of_its_own(rest: RestCaller, both: list[str]) -> None:
    lines = {
        line["orderSn"]: line for item in rest.seller.pages(fulfillmentTypeList=both) for line in item["orderList"]
    }
    found, page = [], 1
    while rows := rest.call("/api/order/list", page=page, page_size=50)["order_list"]:
        found += rows
        page += 1
    assert {row["order_sn"] for row in found} == lines.keys()
    assert len(found) == rest.call("/api/order/list")["total"] == len(lines)
    assert all(row["quantity"] == lines[row["order_sn"]]["quantity"] for row in found)
    words = {row["status"] for row in found}
    assert words <= {"pending", "paid", "shipped", "delivered", "completed", "cancelled", "refunded"}
    assert {"shipped", "delivered", "cancelled"} <= words


def test_the_window_is_about_the_time_of_the_order_and_includes_both_ends(rest: RestCaller) -> None:
    newest = rest.call("/api/order/list")["order_list"][0]
    at = newest["order_time"]
    assert newest in rest.call("/api/order/list", start_time=at, end_time=at)["order_list"]
    later = rest.call("/api/order/list", start_time=at + 1, end_time=at + 9)["order_list"]
    assert newest not in later
    assert rest.call("/api/order/detail", order_sn=newest["order_sn"]) == newest


def test_products_and_activities_are_those_of_the_shop(rest: RestCaller) -> None:
    products = rest.call("/api/product/list")
    assert products["total"] == len(products["product_list"])
    first = products["product_list"][0]
    assert rest.call("/api/product/detail", product_id=first["product_id"]) == first
    activities = rest.call("/api/activity/list")["activity_list"]
    assert {one["status"] for one in activities} <= {"upcoming", "active", "ended"}
    assert activities


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "x"}, {"timestamp": NOW - 301}, {"timestamp": str(NOW)}, {"app_key": "x"}, {"access_token": "x"}],
)
def test_a_wrong_key_signature_token_or_clock_is_http_401(rest: RestCaller, wrong: dict[str, Any]) -> None:
    assert rest.send("/api/order/list", **wrong)[0] == 401


def test_an_unknown_record_is_an_answer_and_a_wrong_page_is_http_400(rest: RestCaller) -> None:
    status, answer = rest.send("/api/order/detail", order_sn="none")
    assert (status, answer["success"], answer["error_code"]) == (200, False, 404)
    assert rest.send("/api/order/list", page=0)[0] == 400
    assert rest.face.answer("US", "/api/order/list", b"[")[0] == 400
