"""Faults on demand: what each does, to whom, how often."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors.sandbox.faults import DISTORTIONS, KINDS, REFUSALS, STATUSES, Caller, FaultBoard, UnknownFaultError
from connectors.sandbox.server import build_app

LIST = "bg.order.list.v2.get"
WINDOW = {"sortby": "updateTime", "updateAtStart": 0}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("throttle", 4000004),
        ("system_error", 4000000),
        ("token_expired", 3000034),
        ("wrong_area", 120011072),
        ("ip_not_whitelisted", 5000003),
        ("token_revoked", 3000031),
        ("no_api_access", 3000032),
        ("business_error", 7000000),
    ],
)
def test_refusals_hit_as_often_as_asked(own_gateway: Any, seller_of: Any, kind: str, code: int) -> None:
    seller = seller_of(own_gateway)
    own_gateway.sandbox.faults.replace([{"kind": kind, "count": 2, "after": 1}])
    assert seller.call(LIST)
    assert [seller.refusal(LIST), seller.refusal(LIST)] == [code, code]
    assert seller.call(LIST)


def test_amounts_calculating_hits_only_amount_calls(own_gateway: Any, seller_of: Any, both: list[str]) -> None:
    seller = seller_of(own_gateway)
    own_gateway.sandbox.faults.replace([{"kind": "amounts_calculating", "count": 1}])
    oldest = seller.pages(fulfillmentTypeList=both)[-1]["parentOrderMap"]["parentOrderSn"]
    assert seller.refusal("bg.order.amount.query", parentOrderSn=oldest) == 140020008
    assert seller.call("bg.order.amount.query", parentOrderSn=oldest)


def test_a_wrong_signature_is_found_before_any_refusal(own_gateway: Any, seller_of: Any) -> None:
    own_gateway.sandbox.faults.replace([{"kind": "throttle"}])
    assert seller_of(own_gateway).refusal(LIST, secret="wrong") == 3000001


@pytest.mark.parametrize("by", ["shop_id", "shop_name", "app_key", "type"])
def test_a_fault_can_be_aimed(own_gateway: Any, seller_of: Any, by: str) -> None:
    german, american = seller_of(own_gateway, 1), seller_of(own_gateway, 0)
    credentials = own_gateway.sandbox.tokens.credentials(german.shop)
    aim: dict[str, object] = {
        "shop_id": {"shop": german.shop.profile.mall_id},
        "shop_name": {"shop": german.shop.profile.name},
        "app_key": {"app_key": credentials.app_key},
        "type": {"type": LIST, "shop": german.shop.profile.name},
    }[by]
    own_gateway.sandbox.faults.replace([{"kind": "system_error", **aim}])
    assert german.refusal(LIST) == 4000000
    assert american.call(LIST)
    if by == "type":
        assert german.call("bg.open.accesstoken.info.get")


def test_rates_are_dice_that_always_fall_the_same_way() -> None:
    caller = Caller("key", LIST, 1, "shop")
    rows = []
    for _ in range(2):
        board = FaultBoard()
        board.replace([{"kind": "throttle", "rate": 0.3}])
        rows.append([board.hit(REFUSALS, caller) is not None for _ in range(500)])
    assert rows[0] == rows[1]
    assert 100 < sum(rows[0]) < 200


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "earthquake"}, "throttle"),
        ({}, "throttle"),
        ({"kind": "throttle", "often": 3}, "often"),
        ({"kind": "throttle", "count": "3"}, "count"),
        ({"kind": "http_error", "status": 418}, "429, 500, 502, 503, 504"),
        ({"kind": "throttle", "status": 503}, "belongs to http_error"),
        ({"kind": "retyped_field", "field": 3}, "field must be a name"),
        ({"kind": "duplicate_rows", "field": "orderSn"}, "belongs to retyped_field"),
    ],
)
def test_a_rule_that_cannot_be_played_is_named(rule: dict[str, Any], words: str) -> None:
    board = FaultBoard()
    with pytest.raises(UnknownFaultError, match=words):
        board.replace([{"kind": "drift"}, rule])
    assert board.faults == []


def test_every_kind_is_listed_when_one_is_unknown() -> None:
    with pytest.raises(UnknownFaultError) as caught:
        FaultBoard().replace([{"kind": "?"}])
    assert all(kind in str(caught.value) for kind in KINDS)


def faulty(gateway: Any, kind: str, **rule: Any) -> None:
    gateway.sandbox.faults.replace([{"kind": kind, "count": 1, **rule}])


def test_duplicate_rows_total_and_unknown_fields(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    clean = seller.call(LIST, pageSize=10)
    faulty(own_gateway, "duplicate_rows")
    assert seller.call(LIST, pageSize=10)["pageItems"] == [*clean["pageItems"], clean["pageItems"][0]]
    faulty(own_gateway, "changed_total")
    assert seller.call(LIST, pageSize=10)["totalItemNum"] == clean["totalItemNum"] + 1
    faulty(own_gateway, "unknown_fields")
    assert all("futureField" in item for item in seller.call(LIST, pageSize=10)["pageItems"])
    assert seller.call(LIST, pageSize=10) == clean


def test_a_retyped_key_is_of_another_type_in_one_record(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    faulty(own_gateway, "retyped_field", type=LIST)
    keys = [item["parentOrderMap"]["parentOrderSn"] for item in seller.call(LIST, pageSize=10)["pageItems"]]
    assert [type(key) for key in keys] == [int] + [str] * 9
    faulty(own_gateway, "retyped_field")
    skus = seller.call("bg.local.goods.sku.list.query", pageNo=1, pageSize=10, skuSearchType=2)["skuList"]
    assert isinstance(skus[0]["skuId"], str)


@pytest.mark.parametrize(
    ("name", "part", "changed"), [("updateTime", "parentOrderMap", str), ("goodsName", "orderList", int)]
)
def test_another_field_than_the_key_can_be_retyped(
    own_gateway: Any, seller_of: Any, name: str, part: str, changed: type
) -> None:
    seller = seller_of(own_gateway)
    clean = seller.call(LIST, pageSize=10)["pageItems"]
    faulty(own_gateway, "retyped_field", field=name, type=LIST)
    first, *others = seller.call(LIST, pageSize=10)["pageItems"]
    assert others == clean[1:]
    owner = first[part][0] if part == "orderList" else first[part]
    assert type(owner[name]) is changed
    faulty(own_gateway, "retyped_field", field="noSuchField", type=LIST)
    assert seller.call(LIST, pageSize=10)["pageItems"] == clean


def test_any_field_can_have_a_value_that_nobody_has_documented(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    clean = seller.call(LIST, pageSize=10)["pageItems"]
    faulty(own_gateway, "unknown_status", field="fulfillmentType")
    first, *others = seller.call(LIST, pageSize=10)["pageItems"]
    assert {line["fulfillmentType"] for line in first["orderList"]} == {"undocumented"}
    assert first["parentOrderMap"] == clean[0]["parentOrderMap"]
    assert others == clean[1:]


@pytest.mark.parametrize("kind", ["amounts_calculating", "drift", "late_orders", "task_timeout"])
def test_a_kind_that_is_about_one_operation_passes_all_others_by(own_gateway: Any, seller_of: Any, kind: str) -> None:
    faulty(own_gateway, kind)
    assert seller_of(own_gateway).call("bg.local.goods.sku.list.query", skuSearchType=2)
    assert [(fault["seen"], fault["hits"]) for fault in own_gateway.sandbox.faults.as_json()] == [(0, 0)]


@pytest.mark.parametrize("address", ["/US/openapi/router", "/US/api/order/list"])
@pytest.mark.parametrize(
    ("rule", "status"),
    [({"kind": "http_502_html"}, 502), ({"kind": "http_error"}, 503)]
    + [({"kind": "http_error", "status": status}, status) for status in STATUSES],
)
async def test_the_edge_answers_with_any_status_in_either_dialect(
    own_gateway: Any, rule: dict[str, Any], status: int, address: str
) -> None:
    own_gateway.sandbox.faults.replace([rule])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app(own_gateway.sandbox))) as client:
        answer = await client.post(f"http://sandbox{address}", json={})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")
    assert str(status) in answer.text


def test_nulls_can_be_absent_and_statuses_unknown(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    clean = seller.call(LIST, pageSize=10)["pageItems"]
    assert "null" in json.dumps(clean)
    faulty(own_gateway, "absent_nulls")
    bare = seller.call(LIST, pageSize=10)["pageItems"]
    assert "null" not in json.dumps(bare)
    assert [item["parentOrderMap"]["parentOrderSn"] for item in bare] == [
        item["parentOrderMap"]["parentOrderSn"] for item in clean
    ]
    faulty(own_gateway, "unknown_status")
    strange = seller.call(LIST, pageSize=10)["pageItems"]
    assert {line["orderStatus"] for line in strange[0]["orderList"]} == {77}
    assert strange[1:] == clean[1:]


@pytest.mark.parametrize("kind", DISTORTIONS)
def test_distortions_leave_calls_without_rows_alone(own_gateway: Any, seller_of: Any, kind: str) -> None:
    seller = seller_of(own_gateway)
    clean = seller.call("bg.open.accesstoken.info.get")
    faulty(own_gateway, kind)
    assert seller.call("bg.open.accesstoken.info.get") == clean


def test_drift_makes_a_reader_of_a_closed_window_miss_an_order(
    own_gateway: Any, seller_of: Any, both: list[str]
) -> None:
    seller = seller_of(own_gateway)
    window = WINDOW | {"updateAtEnd": own_gateway.sandbox.now() - 3600, "fulfillmentTypeList": both}
    before = {item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(pageSize=20, **window)}
    faulty(own_gateway, "drift")
    naive = [item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(pageSize=20, **window)]
    assert len(before - set(naive)) == 1, "one order was stepped over"
    calm = {item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(pageSize=20, **window)}
    assert len(before - calm) == 1, "another one has left the window, with a later update time"
    assert before - calm != before - set(naive)


def test_drift_in_an_open_window_repeats_a_row_and_hides_another(
    own_gateway: Any, seller_of: Any, both: list[str]
) -> None:
    seller = seller_of(own_gateway)
    window = WINDOW | {"updateAtEnd": own_gateway.sandbox.now() + 3600, "fulfillmentTypeList": both}
    before = {item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(pageSize=20, **window)}
    faulty(own_gateway, "drift")
    naive = [item["parentOrderMap"]["parentOrderSn"] for item in seller.pages(pageSize=20, **window)]
    assert len(naive) - len(set(naive)) == 1
    assert len(before - set(naive)) == 1


def test_faults_and_touched_orders_survive_a_restart(tmp_path: Any, open_gateway: Any, seller_of: Any) -> None:
    first = open_gateway(tmp_path, days=6)
    first.sandbox.faults.replace([{"kind": "drift", "count": 1}])
    seller = seller_of(first)
    seller.call(LIST, pageSize=5, updateAtEnd=first.sandbox.now() - 60, **WINDOW)
    newest = seller.call(LIST, pageSize=3, sortby="updateTime")
    again = open_gateway(tmp_path, days=6)
    assert [fault["hits"] for fault in again.sandbox.faults.as_json()] == [1]
    assert json.dumps(seller_of(again).call(LIST, pageSize=3, sortby="updateTime")) == json.dumps(newest)
