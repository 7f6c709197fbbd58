"""Activities (API section 11) and after-sales (section 13)."""

from __future__ import annotations

from typing import Any

import pytest

CASES, DETAIL = "bg.aftersales.parentaftersales.list.get", "temu.aftersales.parentaftersales.detail.get"
ACTIVITIES, ACTIVITY_GOODS = "bg.promotion.activity.query", "bg.promotion.activity.goods.query"
EVER = {"createAtStart": 0, "createAtEnd": 1_900_000_000}


def test_activities_are_asked_for_by_type(seller: Any) -> None:
    assert seller.refusal(ACTIVITIES, pageNumber=1, pageSize=10) == 220010001
    assert seller.refusal(ACTIVITIES, activityType=2) == 220010001
    deals = seller.call(ACTIVITIES, pageNumber=1, pageSize=10, activityType=2)["activityList"]
    assert deals
    assert {deal["activityType"] for deal in deals} == {2}
    assert all(deal["activityStartTime"] < deal["activityEndTime"] for deal in deals)


def test_activity_goods_sell_at_their_activity_price(seller: Any, both: list[str]) -> None:
    deals = seller.call(ACTIVITIES, pageNumber=1, pageSize=10, activityType=2)["activityList"]
    deal = next(deal for deal in deals if deal["activityStatus"] == 3)
    goods = seller.call(ACTIVITY_GOODS, pageNumber=1, pageSize=100, activityId=deal["activityId"])
    assert goods["activityInfo"] == deal
    prices = {sku["skuId"]: sku["activitySupplierPrice"] for row in goods["goodsList"] for sku in row["skuList"]}
    seen = 0
    window = {"createAfter": deal["activityStartTime"], "createBefore": deal["activityEndTime"] - 1}
    for item in seller.pages(fulfillmentTypeList=both, **window):
        amounts = seller.call("bg.order.amount.query", parentOrderSn=item["parentOrderMap"]["parentOrderSn"])
        units = {line["orderSn"]: line["unitBasePrice"]["amount"] for line in amounts["orderList"]}
        for line in item["orderList"]:
            if line["skuId"] in prices:
                seen += 1
                assert units[line["orderSn"]] == prices[line["skuId"]]
    assert seen
    sold = sum(row["activityQuantity"] - row["remainingActivityQuantity"] for row in goods["goodsList"])
    assert sold >= seen
    assert seller.refusal(ACTIVITY_GOODS, pageNumber=1, pageSize=10, activityId=1) == 220010003


def test_one_time_pair_is_required(seller: Any) -> None:
    assert seller.refusal(CASES, pageNo=1, pageSize=10) == 130010001
    assert seller.refusal(CASES, updateAtStart=1) == 140020013


@pytest.mark.parametrize("name", ["create", "update"])
def test_case_windows_include_both_ends(seller: Any, name: str) -> None:
    rows = seller.call(CASES, pageSize=200, **EVER)["data"]
    at = sorted(row[f"{name}At"] for row in rows)
    window = {f"{name}AtStart": at[2], f"{name}AtEnd": at[6]}
    found = seller.call(CASES, pageSize=200, **window)["data"]
    assert [row[f"{name}At"] for row in found] == sorted((x for x in at if at[2] <= x <= at[6]), reverse=True)


def test_the_detail_adds_up_and_names_the_line(sellers: list[Any]) -> None:
    for seller in sellers:
        for row in seller.call(CASES, pageSize=200, **EVER)["data"]:
            key = {"parentOrderSn": row["parentOrderSn"], "parentAfterSalesSn": row["parentAfterSalesSn"]}
            detail = seller.call(DETAIL, **key)
            part = {name: money["amount"] for name, money in detail["refundSummary"].items()}
            assert part["buyerTotalRefund"] == (
                part["retailPriceRefundTaxExcl"] + part["taxTotalRefund"] + part["shippingAmountRefundTaxExcl"]
                - part["discountFromSellerRefund"] - part["discountFromTEMURefund"]
            )  # fmt: skip
            assert detail["lastUpdateAtMillis"] == row["updateAt"] * 1000
            order = seller.shop.book.by_sn[row["parentOrderSn"]]
            assert detail["afterSalesList"][0]["orderSn"] in {line.order_sn for line in order.lines}
            assert detail["afterSalesList"][0]["buyerComment"]


def test_buyers_of_the_semi_managed_shop_get_dollars_back(sellers: list[Any]) -> None:
    seller = sellers[3]
    for row in seller.call(CASES, pageSize=200, **EVER)["data"]:
        key = {"parentOrderSn": row["parentOrderSn"], "parentAfterSalesSn": row["parentAfterSalesSn"]}
        total = seller.call(DETAIL, **key)["refundSummary"]["buyerTotalRefund"]
        case = seller.shop.cases[row["parentAfterSalesSn"]][1]
        assert total["currency"] == "USD"
        assert total["amount"] * 7 < case.refund.buyer_total


def test_a_refunded_case_has_moved_its_order(seller: Any, both: list[str]) -> None:
    updates = {
        item["parentOrderMap"]["parentOrderSn"]: item["parentOrderMap"]["updateTime"]
        for item in seller.pages(fulfillmentTypeList=both)
    }
    refunded = [row for row in seller.call(CASES, pageSize=200, **EVER)["data"] if row["parentAfterSalesStatus"] == 5]
    assert refunded
    assert all(updates[row["parentOrderSn"]] >= row["updateAt"] for row in refunded)


def test_lines_of_a_case_and_unknown_cases(seller: Any) -> None:
    row = seller.call(CASES, pageSize=200, **EVER)["data"][0]
    lines = seller.call("bg.aftersales.aftersales.list.get", parentAfterSalesSnList=[row["parentAfterSalesSn"]])
    assert lines["total"] == 1
    assert "orderSn" not in lines["data"][0]
    assert seller.refusal("bg.aftersales.aftersales.list.get", pageNo=1) == 130010001
    assert seller.refusal(DETAIL, parentOrderSn=row["parentOrderSn"], parentAfterSalesSn="PA-211-0") == 130010004


def test_every_cancelled_line_is_in_the_cancellation_list(seller: Any, both: list[str]) -> None:
    cancelled = {
        line["orderSn"]
        for item in seller.pages(fulfillmentTypeList=both)
        for line in item["orderList"]
        if line["orderStatus"] == 3 or line["canceledQuantityBeforeShipment"]
    }
    rows = seller.call("bg.aftersales.cancel.list.get", pageNo=1, pageSize=200)["data"]
    assert {info["orderSn"] for row in rows for info in row["afterSalesInfoList"]} == cancelled
