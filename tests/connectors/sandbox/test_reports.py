"""Ads reports, EU statement files, events, authorisation codes, candidates (API sections 2, 11, 14 to 16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.sandbox.operations.bills import bill_file

MALL, GOODS, DETAIL = (f"temu.searchrec.ad.{name}.query" for name in ("reports.mall", "reports.goods", "detail"))
CREATE, GET = "temu.finance.mall.bill.task.create", "temu.finance.mall.bill.task.get"
DAY = 86_400


def span(seller: Any, first: date, days: int = 1) -> dict[str, int]:
    """Whole local days of the shop in milliseconds."""
    zone = ZoneInfo(seller.shop.profile.timezone)
    start, end = (datetime.combine(day, datetime.min.time(), zone) for day in (first, first + timedelta(days=days)))
    return {"startTs": int(start.timestamp() * 1000), "endTs": int(end.timestamp() * 1000) - 1}


def test_the_mall_report_is_the_sum_of_its_days_and_of_its_goods(sellers: list[Any]) -> None:
    for seller in sellers[:2]:
        window = span(seller, date(2026, 11, 10), 3)
        report = seller.call(MALL, **window)
        items = report["reportsItemList"]
        assert [item["ts"] for item in items] == [window["startTs"] + n * DAY * 1000 for n in range(3)]
        goods = {shelf.listing.goods_id for shelf in seller.shop.shelves.values()}
        each = [seller.call(GOODS, goodsId=one, **window)["reportInfo"]["summary"] for one in goods]
        for metric in ("spend", "orderPayAmt", "clkCnt"):
            name = "adSpend" if metric == "spend" else metric
            total = report["summary"][metric]["ad"]["val"]
            assert total == sum(item[name]["val"] for item in items) == sum(one[metric]["ad"]["val"] for one in each)
            assert total > 0


def test_ads_never_bring_more_orders_than_were_sold(seller: Any) -> None:
    summary = seller.call(MALL, **span(seller, date(2026, 11, 1), 14))["summary"]
    assert 0 < summary["orderPayCnt"]["ad"]["val"] <= summary["orderPayCnt"]["total"]["val"]
    assert summary["roas"]["ad"]["val"] == summary["orderPayAmt"]["ad"]["val"] * 10_000 // summary["spend"]["ad"]["val"]


def test_a_window_must_hold_whole_local_days_in_milliseconds(sellers: list[Any]) -> None:
    window = span(sellers[0], date(2026, 11, 10))
    assert sellers[0].refusal(MALL, **window | {"startTs": window["startTs"] + 3_600_000}) == 230012000
    assert sellers[0].refusal(MALL, **{key: value // 1000 for key, value in window.items()}) == 230012000
    assert sellers[1].refusal(MALL, **window) == 230012000


def test_without_the_agreement_every_ads_call_is_230016103(sellers: list[Any]) -> None:
    for seller in sellers[2:]:
        assert seller.refusal(MALL, **span(seller, date(2026, 11, 10))) == 230016103
        assert seller.refusal(DETAIL, goodsList=[1]) == 230016103
    assert sellers[0].refusal(DETAIL, goodsList=[1]) == 230012003


def test_only_advertised_goods_run(seller: Any) -> None:
    goods = sorted({shelf.listing.goods_id for shelf in seller.shop.shelves.values()})
    details = seller.call(DETAIL, goodsList=goods)["adsDetail"]
    assert {detail["adShowStatus"] for detail in details} == {8, 10}
    assert all((detail["budget"] == -1) == (detail["adShowStatus"] == 10) for detail in details)


@pytest.mark.parametrize(("kind", "column"), [("STATEMENT_REPORT", "settled_at"), ("PAYMENT_REPORT", "paid_at")])
def test_a_statement_task_becomes_a_file_that_can_be_fetched_until_its_address_expires(
    own_gateway: Any, seller_of: Callable[..., Any], kind: str, column: str
) -> None:
    seller, sandbox = seller_of(own_gateway, 1), own_gateway.sandbox
    sandbox.advance(40 * DAY)
    now = sandbox.now()
    span_ = {"startTime": (now - 30 * DAY) * 1000, "endTime": now * 1000}
    task = seller.call(CREATE, fileType=kind, timestamp=now, **span_)["taskId"]
    assert seller.call(GET, taskId=task, timestamp=now)["status"] == "PROCESSING"
    sandbox.advance(3)
    ready = seller.call(GET, taskId=task, timestamp=now)
    assert (ready["status"], ready["fileType"]) == ("SUCCESS", kind)
    query = dict(part.split("=") for part in ready["fileUrl"].partition("?")[2].split("&"))
    content = bill_file(sandbox.world, task, query["expires"], query["key"], now)
    assert content is not None
    header, *rows = content.decode("utf-8-sig").splitlines()
    assert column in header.split(",")
    assert rows
    assert all(row.startswith("Nordlicht DE,") for row in rows)
    assert bill_file(sandbox.world, task, query["expires"], query["key"], ready["expiresAt"] // 1000) is None
    assert bill_file(sandbox.world, task, query["expires"], "0" * 16, now) is None


def test_statement_tasks_are_for_local_shops_of_the_eu_gateway_and_not_for_years(sellers: list[Any]) -> None:
    ask = {"fileType": "STATEMENT_REPORT", "startTime": 1790000000000, "endTime": 1795000000000}
    assert sellers[0].refusal(CREATE, **ask) == 3000003
    assert sellers[1].refusal(CREATE, **ask | {"startTime": 1790000000}) == 200020004
    assert sellers[1].refusal(GET, taskId="SBX-BILL-S-1-2-3-4-5") == 200020004


def test_a_task_over_too_long_a_span_times_out(own_gateway: Any, seller_of: Callable[..., Any]) -> None:
    seller = seller_of(own_gateway, 1)
    now = own_gateway.sandbox.now()
    span_ = {"startTime": (now - 100 * DAY) * 1000, "endTime": now * 1000}
    task = seller.call(CREATE, fileType="PAYMENT_REPORT", **span_)["taskId"]
    own_gateway.sandbox.advance(3)
    answer = seller.call(GET, taskId=task)
    assert (answer["status"], answer["fileUrl"]) == ("TIME_OUT", None)


def test_events_are_permitted_and_cancelled_once_a_second(own_gateway: Any, seller_of: Callable[..., Any]) -> None:
    seller, update = seller_of(own_gateway), "bg.tmc.message.update"
    event = "bg_aftersales_status_change"
    assert seller.call(update, cancelEventCodeList=[event]) is True
    assert seller.refusal(update, permitEventCodeList=[event]) == 110020007
    own_gateway._own_limits.clear()
    states = seller.call("bg.open.accesstoken.info.get")["authEventCodeList"]
    assert {state["eventCode"]: state["permitsStatus"] for state in states}[event] == 0
    assert seller.refusal(update, permitEventCodeList=[event], cancelEventCodeList=[event]) == 110020006
    own_gateway._own_limits.clear()
    assert seller.refusal(update, permitEventCodeList=["bg_unheard_of"]) == 110020009
    own_gateway._own_limits.clear()
    assert seller.refusal(update, permitEventCodeList=[f"event_{n}" for n in range(21)]) == 110020005


def test_a_code_gives_one_new_token_and_kills_the_old(own_gateway: Any, seller_of: Callable[..., Any]) -> None:
    seller, office = seller_of(own_gateway), own_gateway.sandbox.tokens
    before, code = office.credentials(seller.shop).access_token, office.code_of(seller.shop)
    answer = seller.call("bg.open.accesstoken.create", code=code, access_token=code)
    assert answer["accessToken"] == office.credentials(seller.shop).access_token != before
    assert answer["mallId"] == seller.shop.profile.mall_id
    assert seller.refusal("bg.open.accesstoken.create", code=code, access_token=code) == 110020002
    assert seller.refusal("bg.open.accesstoken.info.get", access_token=before) == 3000034
    assert datetime.fromtimestamp(answer["expiredTime"], UTC).year >= 2027


def test_candidates_are_goods_on_sale_outside_an_activity_that_has_not_ended(seller: Any) -> None:
    activities = [
        activity
        for kind in (2, 13, 27, 100)
        for activity in seller.call(
            "bg.promotion.activity.query", activityType=kind, pageNumber=1, pageSize=100
        )["activityList"]
    ]  # fmt: skip
    for activity in activities:
        page = {"activityId": activity["activityId"], "pageNumber": 1, "pageSize": 100}
        candidates = "bg.promotion.activity.candidate.goods.query"
        if activity["activityStatus"] == 3:
            assert seller.refusal(candidates, **page) == 220010004
            continue
        inside = {one["goodsId"] for one in seller.call("bg.promotion.activity.goods.query", **page)["goodsList"]}
        outside = {one["goodsId"] for one in seller.call(candidates, **page)["goodsList"]}
        assert outside
        assert not inside & outside
    assert {activity["activityStatus"] for activity in activities} > {3}
