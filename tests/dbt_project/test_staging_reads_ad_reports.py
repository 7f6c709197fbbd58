"""Staging reads advertising: reports of each local day, of shop and goods, and their state (§14)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import Built, Landing, staging_of

FIXTURES = Path(__file__).parents[1] / "fixtures" / "temu"
DAY, NEXT = date(2026, 1, 1), date(2026, 1, 2)
GOODS = 600000000000010
RAW = ("ad_reports", "ad_goods_reports", "ad_details", "products")


def _sample(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((FIXTURES / f"temu.searchrec.ad.{name}.query.json").read_text())["result"]
    return result


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    with staging_of(_warehouse, (_listings, _shop_days, _goods_days, _states), RAW) as built:
        yield built


def _listings(landing: Landing) -> None:
    """Shop 1 sells in dollars only, shop 2 goods in yen and others in dollars, shop 3 the same goods in both."""
    for shop, sku, goods, currency in (
        (1, 11, GOODS, "USD"), (1, 12, 7, "usd"), (2, 21, GOODS, "JPY"), (2, 22, 8, "USD"), (3, 31, GOODS, "JPY"),
        (3, 32, GOODS, "USD"),
    ):  # fmt: skip
        landing.land("products", {"currency": currency}, shop_id=shop, sku_id=sku, goods_id=goods)


def _shop_days(landing: Landing) -> None:
    report = _sample("reports.mall")
    landing.land("ad_reports", report, report_date=DAY)
    odd = deepcopy(report)
    odd["summary"]["clkCnt"]["ad"]["val"] = "many"
    odd["summary"]["spend"]["ad"]["val"] = None
    del odd["summary"]["roas"]
    landing.land("ad_reports", odd, report_date=NEXT)


def _goods_days(landing: Landing) -> None:
    landing.land("ad_goods_reports", _sample("reports.goods"), report_date=DAY, goods_id=GOODS)
    landing.land("ad_goods_reports", {"goodsInfo": {"goodsId": 7}, "reportInfo": None}, report_date=DAY, goods_id=7)
    for shop in (2, 3):
        landing.land("ad_reports", _sample("reports.mall"), shop_id=shop, report_date=DAY)
        landing.land("ad_goods_reports", _sample("reports.goods"), shop_id=shop, report_date=DAY, goods_id=GOODS)


def _states(landing: Landing) -> None:
    [state] = _sample("detail")["adsDetail"]
    for shop in (1, 2, 3):
        landing.land("ad_details", state, shop_id=shop, goods_id=GOODS, snapshot_date=DAY, ad_status=8)
    landing.land("ad_details", state | {"budget": -1, "roas": None}, goods_id=7, snapshot_date=DAY, ad_status=10)


FIGURES = {
    "impressions": 20000,
    "clicks": 430,
    "cart_additions": 84,
    "ad_orders": 60,
    "ad_units": 66,
    "spend": Decimal("182.50"),
    "net_spend": Decimal("182.50"),
    "ad_sales": Decimal("959.40"),
    "net_ad_sales": Decimal("959.40"),
    "all_orders": 120,
    "all_sales": Decimal("1918.80"),
    "roas": Decimal("5.257"),
    "currency": "USD",
}
AMOUNTS = ("spend", "net_spend", "ad_sales", "net_ad_sales", "all_sales")


def test_a_day_of_a_shop_has_its_spend_as_an_amount_and_its_return_as_a_plain_ratio(built: Built) -> None:
    [first, _] = built.staged("stg_temu__ad_reports", "shop_id = 1", "report_date")
    assert (first["shop_id"], first["report_date"]) == (1, DAY)
    assert {name: first[name] for name in FIGURES} == FIGURES


def test_a_day_of_a_goods_is_read_one_nesting_deeper(built: Built) -> None:
    [one] = built.staged("stg_temu__ad_goods_reports", f"shop_id = 1 and goods_id = {GOODS}", "report_date")
    assert (one["shop_id"], one["report_date"]) == (1, DAY)
    assert {name: one[name] for name in FIGURES} == FIGURES


def test_a_figure_that_is_no_number_or_absent_is_unknown_and_the_others_stay(built: Built) -> None:
    [_, odd] = built.staged("stg_temu__ad_reports", "shop_id = 1", "report_date")
    assert (odd["clicks"], odd["spend"], odd["roas"]) == (None, None, None)
    assert (odd["impressions"], odd["net_spend"]) == (20000, Decimal("182.50"))
    [empty] = built.staged("stg_temu__ad_goods_reports", "goods_id = 7", "report_date")
    assert {empty[name] for name in FIGURES if name != "currency"} == {None}


def test_minor_units_are_those_of_the_goods_own_currency(built: Built) -> None:
    [report] = built.staged("stg_temu__ad_goods_reports", "shop_id = 2", "goods_id")
    [state] = built.staged("stg_temu__ad_states", "shop_id = 2", "goods_id")
    assert (report["currency"], report["spend"], report["all_sales"]) == ("JPY", Decimal(18250), Decimal(191880))
    assert (state["currency"], state["spend"], state["budget"]) == ("JPY", Decimal(18250), Decimal(50000))


def test_without_one_currency_amounts_are_unknown_and_counts_stay(built: Built) -> None:
    rows = built.staged("stg_temu__ad_reports", "shop_id > 1", "shop_id")
    rows += built.staged("stg_temu__ad_goods_reports", "shop_id = 3", "goods_id")
    rows += built.staged("stg_temu__ad_states", "shop_id = 3", "goods_id")
    assert len(rows) == 4
    assert {row[name] for row in rows for name in (*AMOUNTS, "currency")} == {None}
    assert {row["impressions"] for row in rows} == {20000}


def test_a_budget_is_an_amount_a_target_a_ratio_and_minus_one_no_limit(built: Built) -> None:
    free, limited = built.staged("stg_temu__ad_states", "shop_id = 1", "goods_id")
    assert (limited["budget"], limited["currency"], limited["target_roas"]) == (
        Decimal("500.00"),
        "USD",
        Decimal("5.2"),
    )
    assert (limited["is_unlimited"], limited["ad_status"], limited["ad_phase"]) == (False, 8, "1")
    assert {name: limited[name] for name in FIGURES} == FIGURES
    assert (free["budget"], free["is_unlimited"], free["target_roas"]) == (None, True, None)
