"""Order list: a live, descending set with inclusive windows (API section 8.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LIST = "bg.order.list.v2.get"
FOREVER = {"updateAtStart": 0, "updateAtEnd": 1_900_000_000}


def sns(items: list[dict[str, Any]]) -> list[str]:
    return [item["parentOrderMap"]["parentOrderSn"] for item in items]


def updates(items: list[dict[str, Any]]) -> list[int]:
    return [item["parentOrderMap"]["updateTime"] for item in items]


@pytest.fixture
def everything(seller: Any, both: list[str]) -> list[dict[str, Any]]:
    """All orders of the shop, latest change first."""
    items: list[dict[str, Any]] = seller.pages(fulfillmentTypeList=both, sortby="updateTime", **FOREVER)
    return items


def test_pages_of_any_size_hold_every_order_once_in_descending_order(
    seller: Any, both: list[str], everything: list[dict[str, Any]]
) -> None:
    total = seller.call(LIST, fulfillmentTypeList=both)["totalItemNum"]
    assert len(everything) == len(set(sns(everything))) == total
    assert updates(everything) == sorted(updates(everything), reverse=True)
    small = seller.pages(fulfillmentTypeList=both, sortby="updateTime", pageSize=37, **FOREVER)
    assert sns(small) == sns(everything)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_both_ends_of_an_update_window_are_inside(
    seller: Any, both: list[str], everything: list[dict[str, Any]], data: st.DataObject
) -> None:
    times = updates(everything)
    start, end = sorted(data.draw(st.tuples(st.sampled_from(times), st.sampled_from(times))))
    inside = [at for at in times if start <= at <= end]
    got = seller.pages(fulfillmentTypeList=both, sortby="updateTime", updateAtStart=start, updateAtEnd=end)
    assert updates(got) == inside


def test_both_ends_of_a_create_window_are_inside(seller: Any, both: list[str], everything: Any) -> None:
    placed = sorted(item["parentOrderMap"]["parentOrderTime"] for item in everything)
    start, end = placed[10], placed[20]
    got = seller.pages(fulfillmentTypeList=both, createAfter=start, createBefore=end)
    found = [item["parentOrderMap"]["parentOrderTime"] for item in got]
    assert found == sorted((at for at in placed if start <= at <= end), reverse=True)


def test_create_time_is_the_default_order_even_inside_an_update_window(seller: Any, both: list[str]) -> None:
    items = seller.pages(fulfillmentTypeList=both, **FOREVER)
    placed = [item["parentOrderMap"]["parentOrderTime"] for item in items]
    assert placed == sorted(placed, reverse=True)
    assert placed != [item["parentOrderMap"]["updateTime"] for item in items]


def test_a_page_beyond_the_end_is_empty_and_keeps_the_total(seller: Any) -> None:
    page = seller.call(LIST, pageNumber=9999, pageSize=100)
    assert page["pageItems"] == []
    assert page["totalItemNum"] > 0


def test_without_fulfilment_types_only_lines_shipped_by_the_seller_come_back(seller: Any, everything: Any) -> None:
    default = seller.pages(sortby="updateTime", **FOREVER)
    types = {line["fulfillmentType"] for item in default for line in item["orderList"]}
    assert types == {"fulfillBySeller"}
    everywhere = [line for item in everything for line in item["orderList"]]
    assert {line["fulfillmentType"] for line in everywhere} == {"fulfillBySeller", "fulfillByCooperativeWarehouse"}
    own = [line["orderSn"] for line in everywhere if line["fulfillmentType"] == "fulfillBySeller"]
    assert [line["orderSn"] for item in default for line in item["orderList"]] == own


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"updateAtStart": 1795000000}, 140020013),
        ({"createBefore": 1795000000}, 140020013),
        ({"updateAtStart": 1795000000000, "updateAtEnd": 1795100000000}, 140020014),
        ({"createAfter": 1795000000, "createBefore": 1795100000000}, 140020014),
        ({"parentConfirmTimeStart": 1795000000, "parentConfirmTimeEnd": 1795000000}, 140020012),
        ({"pageSize": 101}, 140020005),
        ({"pageNumber": -1}, 140020005),
        ({"parentOrderSnList": [f"PO-211-{n}" for n in range(21)]}, 140020005),
        ({"fulfillmentTypeList": ["fulfillByMagic"]}, 140020005),
    ],
)
def test_illegal_filters_have_their_codes(seller: Any, parameters: dict[str, Any], code: int) -> None:
    assert seller.refusal(LIST, **parameters) == code


def test_unknown_parameters_are_ignored_silently(seller: Any) -> None:
    plain = seller.call(LIST, pageSize=5)
    assert seller.call(LIST, pageSize=5, beginTime=1795000000, endTime="x", pageNo=7) == plain


def test_named_orders_come_back_and_nothing_else(seller: Any, both: list[str], everything: Any) -> None:
    wanted = sns(everything)[3:9]
    got = seller.pages(fulfillmentTypeList=both, parentOrderSnList=[*wanted, "PO-211-00000000000000000"])
    assert set(sns(got)) == set(wanted)


@pytest.mark.parametrize("status", [2, 3, 4, 5])
def test_the_status_filter_means_the_parent_status(seller: Any, both: list[str], everything: Any, status: int) -> None:
    got = seller.pages(fulfillmentTypeList=both, parentOrderStatus=status)
    expected = {
        item["parentOrderMap"]["parentOrderSn"]
        for item in everything
        if item["parentOrderMap"]["parentOrderStatus"] == status
    }
    assert set(sns(got)) == expected


def test_confirm_and_ship_by_windows_filter(seller: Any, both: list[str], everything: Any) -> None:
    parent = everything[5]["parentOrderMap"]
    confirmed, ship_by = parent["parentConfirmTime"], parent["expectShipLatestTime"]
    by_confirm = seller.pages(
        fulfillmentTypeList=both, parentConfirmTimeStart=confirmed, parentConfirmTimeEnd=confirmed + 1
    )
    by_deadline = seller.pages(
        fulfillmentTypeList=both, expectShipLatestTimeStart=ship_by, expectShipLatestTimeEnd=ship_by
    )
    assert parent["parentOrderSn"] in sns(by_confirm)
    assert parent["parentOrderSn"] in sns(by_deadline)


def test_the_label_filter_means_the_labels_of_this_moment(seller: Any, both: list[str], everything: Any) -> None:
    now = seller.gateway.sandbox.clock.now()
    expected: dict[str, set[str]] = {"soon_to_be_overdue": set(), "past_due": set()}
    for item in everything:
        parent = item["parentOrderMap"]
        if parent["parentOrderStatus"] in (2, 41):
            late = now > parent["expectShipLatestTime"]
            soon = not late and now > parent["expectShipLatestTime"] - 24 * 3600
            expected["past_due"] |= {parent["parentOrderSn"]} if late else set()
            expected["soon_to_be_overdue"] |= {parent["parentOrderSn"]} if soon else set()
    for label, wanted in expected.items():
        found = [
            sn
            for state in (2, 41)
            for sn in sns(seller.pages(fulfillmentTypeList=both, parentOrderLabel=[label], parentOrderStatus=state))
        ]
        assert set(found) == wanted
    assert any(expected.values())


def test_a_line_weighs_about_as_much_as_a_real_one(everything: Any) -> None:
    lines = sum(len(item["orderList"]) for item in everything)
    assert 1500 < len(json.dumps(everything, separators=(",", ":"))) / lines < 2100


def test_the_detail_has_packages_but_no_update_time(seller: Any, both: list[str], everything: Any) -> None:
    shipped = next(item for item in everything if item["parentOrderMap"]["parentShippingTime"])
    sn = shipped["parentOrderMap"]["parentOrderSn"]
    detail = seller.call("bg.order.detail.v2.get", parentOrderSn=sn, fulfillmentTypeList=both)
    assert "updateTime" not in detail["parentOrderMap"]
    assert {**detail["parentOrderMap"], "updateTime": None}.keys() > shipped["parentOrderMap"].keys()
    for child in detail["orderList"]:
        assert bool(child["packageSnInfo"]) == (child["orderShippingTime"] is not None)


def test_orders_of_other_shops_and_regions_are_out_of_reach(sellers: Any) -> None:
    us, de, _, semi = sellers
    own = us.call(LIST, pageSize=1)["pageItems"][0]["parentOrderMap"]["parentOrderSn"]
    assert de.refusal("bg.order.detail.v2.get", parentOrderSn=own) == 120011072
    assert semi.refusal("bg.order.detail.v2.get", parentOrderSn=own) == 140020002
    assert us.refusal("bg.order.detail.v2.get", parentOrderSn="") == 140020005
