"""The simplified REST face: signature, refusals, faults, flat records of the same world (API section 17)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import httpx
import pytest

from connectors.sandbox.faults import KINDS
from connectors.sandbox.rest import RestFace
from connectors.sandbox.server import build_app

NOW = 1795161600
LIST = "/api/order/list"
LISTS = (LIST, "/api/product/list", "/api/activity/list")


@pytest.fixture
def rest(seller: Any) -> Any:
    return RestCaller(seller)


@pytest.fixture
def own_rest(own_gateway: Any, seller_of: Any) -> Any:
    """A caller of a gateway that a test may change."""
    return RestCaller(seller_of(own_gateway))


class RestCaller:
    """One shop's calls, signed by section 17 written out anew."""

    def __init__(self, seller: Any) -> None:
        self.seller = seller
        self.sandbox = seller.gateway.sandbox
        self.face = RestFace(self.sandbox)

    def body(self, secret: str | None = None, **parameters: Any) -> bytes:
        """A signed body; parameters override the common ones."""
        given = self.sandbox.tokens.credentials(self.seller.shop)
        common = {"app_key": given.app_key, "access_token": given.access_token, "timestamp": NOW}
        body = common | parameters
        key = secret or given.app_secret
        text = "".join(f"{name}{body[name]}" for name in sorted(body))
        sign = hmac.new(key.encode(), f"{key}{text}{key}".encode(), hashlib.sha256).hexdigest().upper()
        return json.dumps(body | {"sign": sign}).encode()

    def send(self, path: str, secret: str | None = None, **parameters: Any) -> tuple[int, dict[str, Any]]:
        region = self.seller.shop.profile.gateway
        answer = self.face.answer(region, path, self.body(secret, **parameters))
        return answer.status, json.loads(answer.body)

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
    assert rest.face.answer("US", "/api/order/list", b"[").status == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("throttle", 429),
        ("system_error", 500),
        ("business_error", 503),
        ("token_expired", 401),
        ("token_revoked", 401),
        ("wrong_area", 401),
        ("no_api_access", 403),
        ("ip_not_whitelisted", 403),
    ],
)
def test_refusals_are_http_statuses_and_hit_as_often_as_asked(own_rest: RestCaller, kind: str, status: int) -> None:
    own_rest.sandbox.faults.replace([{"kind": kind, "count": 2, "after": 1}])
    assert own_rest.call(LIST)
    for _ in range(2):
        code, answer = own_rest.send(LIST)
        assert (code, answer["success"], answer["error_code"]) == (status, False, status)
        assert answer["error_msg"]
    assert own_rest.call(LIST)


def test_a_fault_is_aimed_by_shop_and_path(own_rest: RestCaller) -> None:
    name = own_rest.seller.shop.profile.name
    own_rest.sandbox.faults.replace([{"kind": "system_error", "type": LIST, "shop": name}])
    assert own_rest.send(LIST)[0] == 500
    assert own_rest.call("/api/product/list")
    own_rest.sandbox.faults.replace([{"kind": "system_error", "shop": "Nordlicht DE"}])
    assert own_rest.call(LIST)


def test_rows_are_distorted_on_demand(own_rest: RestCaller) -> None:
    clean = own_rest.call(LIST, page_size=10)
    first, *others = clean["order_list"]

    def spoilt(kind: str, **rule: Any) -> Any:
        own_rest.sandbox.faults.replace([{"kind": kind, "count": 1, **rule}])
        result = own_rest.call(LIST, page_size=10)
        assert own_rest.call(LIST, page_size=10) == clean
        return result

    assert spoilt("duplicate_rows")["order_list"] == [first, *others, first]
    assert spoilt("changed_total")["total"] == clean["total"] + 1
    assert all("futureField" in row for row in spoilt("unknown_fields")["order_list"])
    assert "null" not in json.dumps(spoilt("absent_nulls"))
    assert spoilt("unknown_status")["order_list"] == [first | {"status": "undocumented"}, *others]
    assert spoilt("retyped_field")["order_list"] == [first | {"order_sn": 12345}, *others]
    odd_time = first | {"order_time": f"{first['order_time']}x"}
    assert spoilt("retyped_field", field="order_time")["order_list"] == [odd_time, *others]


def test_a_distortion_waits_for_a_call_with_rows(own_rest: RestCaller) -> None:
    sn = own_rest.call(LIST)["order_list"][0]["order_sn"]
    own_rest.sandbox.faults.replace([{"kind": "unknown_fields", "count": 1}])
    assert "futureField" not in own_rest.call("/api/order/detail", order_sn=sn)
    assert "futureField" in own_rest.call(LIST)["order_list"][0]


@pytest.mark.parametrize("kind", ["amounts_calculating", "drift", "late_orders", "task_timeout"])
def test_what_this_interface_does_not_have_cannot_go_wrong_in_it(own_rest: RestCaller, kind: str) -> None:
    clean = [own_rest.call(path) for path in LISTS]
    own_rest.sandbox.faults.replace([{"kind": kind}])
    assert [own_rest.call(path) for path in LISTS] == clean
    assert [fault["hits"] for fault in own_rest.sandbox.faults.as_json()] == [0]
    assert "never in REST" in KINDS[kind]


def test_a_skewed_clock_refuses_the_true_time_and_shows_its_own(own_rest: RestCaller) -> None:
    own_rest.sandbox.faults.replace([{"kind": "clock_skew", "seconds": 1000}])
    assert own_rest.send(LIST)[0] == 401
    assert own_rest.call(LIST, timestamp=NOW + 1000)
    assert own_rest.face.answer("US", LIST, own_rest.body()).now == NOW + 1000


def test_a_path_can_be_taken_from_a_token_and_given_back(own_rest: RestCaller) -> None:
    office, shop = own_rest.sandbox.tokens, own_rest.seller.shop
    office.change(shop, {"revoke": [LIST]})
    assert own_rest.send(LIST)[0] == 403
    assert own_rest.call("/api/product/list")
    office.change(shop, {"grant": [LIST]})
    assert own_rest.call(LIST)
    assert LIST not in own_rest.seller.call("bg.open.accesstoken.info.get")["apiScopeList"]


def test_expiry_is_commanded_for_both_dialects_at_once(own_rest: RestCaller) -> None:
    own_rest.sandbox.tokens.expire(own_rest.seller.shop, expired=True)
    assert own_rest.send(LIST)[0] == 401
    assert own_rest.seller.refusal("bg.order.list.v2.get") == 3000034


async def test_latency_and_cut_bodies_are_those_of_the_router(open_gateway: Any, seller_of: Any) -> None:
    caller = RestCaller(seller_of(open_gateway(days=2, latency_ms=60.0)))
    caller.sandbox.faults.replace([{"kind": "truncated_json", "count": 1}])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app(caller.sandbox))) as client:
        started = time.monotonic()
        cut = await client.post(f"http://sandbox/US{LIST}", content=caller.body())
        whole = await client.post(f"http://sandbox/US{LIST}", content=caller.body())
    assert time.monotonic() - started >= 0.12
    assert whole.json()["success"]
    assert whole.content.startswith(cut.content)
    assert len(cut.content) == len(whole.content) // 2
