"""The world's own GMV equals a recount from what the API and the companion files say (rules S, T, P, F)."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.files import write_files
from connectors.sandbox.truth import gmv_truth

CENT = Decimal("0.01")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def beijing_day(instant: int) -> str:
    return (dt.datetime.fromtimestamp(instant, dt.UTC) + dt.timedelta(hours=8)).date().isoformat()


def fx_on(table: list[dict[str, str]], currency: str, day: str) -> Decimal:
    if currency == "CNY":
        return Decimal(1)
    valid = [
        row
        for row in table
        if row["base_currency"] == currency and row["effective_from"] <= day < (row["effective_to"] or "9999")
    ]
    assert len(valid) == 1, (currency, day)
    return Decimal(valid[0]["rate"])


def recount(seller: Any, both: list[str], fx: list[dict[str, str]]) -> dict[str, tuple[Any, ...]]:
    """day → (parents, orders, units, line amount, GMV in CNY), from answers alone."""
    days: dict[str, list[Any]] = defaultdict(lambda: [0, 0, 0, Decimal(0), Decimal(0)])
    prices = {}
    if not seller.shop.profile.is_local:
        for bucket in (2, 3):
            answer = seller.call("bg.local.goods.sku.list.query", pageNo=1, pageSize=100, skuSearchType=bucket)
            prices |= {sku["skuSn"]: (Decimal(sku["price"]), sku["currency"]) for sku in answer["skuList"] or []}
    for item in seller.pages(fulfillmentTypeList=both):
        parent = item["parentOrderMap"]
        day = beijing_day(parent["parentOrderTime"])
        sold = [x for x in item["orderList"] if x["orderStatus"] in (2, 4, 41, 5, 51) and x["quantity"] >= 1]
        money = {}
        if sold and not prices:
            answer = seller.call("bg.order.amount.query", parentOrderSn=parent["parentOrderSn"])
            money = {line["orderSn"]: line for line in answer["orderList"]}
        sums = days[day]
        sums[0] += 1
        sums[1] += bool(sold)
        for line in sold:
            if prices:
                price, currency = prices[line["productList"][0]["extCode"]]
                amount = cents(price * line["quantity"])
            else:
                paid = money[line["orderSn"]]
                currency = paid["basePrice"]["currency"]
                net = Decimal(paid["basePrice"]["amount"] - paid["discountFromSeller"]["amount"])
                amount = cents(net * line["quantity"] / paid["quantity"] / 100)
            sums[2] += line["quantity"]
            sums[3] += amount
            sums[4] += cents(amount * fx_on(fx, currency, day))
    return {day: tuple(sums) for day, sums in days.items()}


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_the_truth_equals_a_recount_from_the_answers(
    gateway: Any, sellers: list[Any], both: list[str], tmp_path: Path, number: int
) -> None:
    sandbox, seller = gateway.sandbox, sellers[number]
    write_files(sandbox.world, tmp_path, sandbox.now())
    with (tmp_path / "fx_rates.csv").open(encoding="utf-8") as file:
        fx = list(csv.DictReader(file))
    truth = {
        row["order_date"]: (
            row["parents_all"], row["orders"], row["units"], Decimal(row["line_amount"]), Decimal(row["gmv_cny"]),
        )
        for row in gmv_truth(sandbox.world, sandbox.now(), sandbox.now())
        if row["temu_shop_id"] == seller.shop.profile.mall_id
    }  # fmt: skip
    assert recount(seller, both, fx) == truth
    assert len(truth) >= 45


def test_the_truth_can_be_asked_for_an_earlier_instant(own_gateway: Any) -> None:
    sandbox = own_gateway.sandbox
    then = sandbox.now()
    before = gmv_truth(sandbox.world, then, sandbox.state.files_at)
    sandbox.advance(5 * 86_400)
    assert gmv_truth(sandbox.world, then, sandbox.state.files_at) == before
    assert gmv_truth(sandbox.world, sandbox.now(), sandbox.state.files_at) != before


def test_rates_stay_those_of_the_files_last_written(own_gateway: Any) -> None:
    sandbox = own_gateway.sandbox
    then, written = sandbox.now(), sandbox.state.files_at
    before = gmv_truth(sandbox.world, then, written)
    assert gmv_truth(sandbox.world, then, written + 21 * 86_400)[0] == before[0], "closed weeks keep their rate"
