"""Staging reads advertising reports: one row per local day, of the shop and of each advertised goods (API §14)."""

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


def _sample(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((FIXTURES / f"temu.searchrec.ad.reports.{name}.query.json").read_text())[
        "result"
    ]
    return result


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    with staging_of(_warehouse, (_shop_days, _goods_days), ("ad_reports", "ad_goods_reports")) as built:
        yield built


def _shop_days(landing: Landing) -> None:
    report = _sample("mall")
    landing.land("ad_reports", report, report_date=DAY)
    odd = deepcopy(report)
    odd["summary"]["clkCnt"]["ad"]["val"] = "many"
    odd["summary"]["spend"]["ad"]["val"] = None
    del odd["summary"]["roas"]
    landing.land("ad_reports", odd, report_date=NEXT)


def _goods_days(landing: Landing) -> None:
    landing.land("ad_goods_reports", _sample("goods"), report_date=DAY, goods_id=GOODS)
    landing.land("ad_goods_reports", {"goodsInfo": {"goodsId": 7}, "reportInfo": None}, report_date=DAY, goods_id=7)


FIGURES = {
    "impressions": 20000,
    "clicks": 430,
    "cart_additions": 84,
    "ad_orders": 60,
    "ad_units": 66,
    "spend_minor": 18250,
    "net_spend_minor": 18250,
    "ad_sales_minor": 95940,
    "net_ad_sales_minor": 95940,
    "all_orders": 120,
    "all_sales_minor": 191880,
    "roas": Decimal("5.257"),
}


def test_a_day_of_a_shop_has_its_spend_in_minor_units_and_its_return_as_a_plain_ratio(built: Built) -> None:
    [first, _] = built.staged("stg_temu__ad_reports", "true", "report_date")
    assert (first["shop_id"], first["report_date"]) == (1, DAY)
    assert {name: first[name] for name in FIGURES} == FIGURES


def test_a_day_of_a_goods_is_read_one_nesting_deeper(built: Built) -> None:
    [one] = built.staged("stg_temu__ad_goods_reports", f"goods_id = {GOODS}", "report_date")
    assert (one["shop_id"], one["report_date"]) == (1, DAY)
    assert {name: one[name] for name in FIGURES} == FIGURES


def test_a_figure_that_is_no_number_or_absent_is_unknown_and_the_others_stay(built: Built) -> None:
    [_, odd] = built.staged("stg_temu__ad_reports", "true", "report_date")
    assert (odd["clicks"], odd["spend_minor"], odd["roas"]) == (None, None, None)
    assert (odd["impressions"], odd["net_spend_minor"]) == (20000, 18250)
    [empty] = built.staged("stg_temu__ad_goods_reports", "goods_id = 7", "report_date")
    assert {empty[name] for name in FIGURES} == {None}
