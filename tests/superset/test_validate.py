"""The validator names what a change of a mart or of a file breaks, down to the dashboards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest


@pytest.fixture(scope="module")
def marts(superset_modules: None) -> Any:
    from audience import Marts

    return Marts.read()


def problems(assets: Any, marts: Any) -> list[str]:
    from validate import problems as found

    return found(assets, marts)


def test_the_files_as_they_are_hold_together(assets: Any, marts: Any) -> None:
    assert problems(assets, marts) == []


def test_a_column_that_left_its_mart_is_told_with_the_charts_and_dashboards_it_breaks(assets: Any, marts: Any) -> None:
    without = marts.columns["mart_gmv_daily"] - {"refund_cny"}
    told = problems(assets, replace(marts, columns=marts.columns | {"mart_gmv_daily": without}))
    [line] = [one for one in told if "mart_gmv_daily has no column refund_cny" in one]
    assert "executive-refund-rate" in line
    assert "gmv-refunds-cancels" in line
    assert "executive, gmv" in line
    assert "executive-orders," not in line


def test_a_column_that_only_the_query_of_a_dataset_reads_is_told_with_what_it_breaks(assets: Any, marts: Any) -> None:
    without = marts.columns["dim_date"] - {"days_in_month"}
    told = problems(assets, replace(marts, columns=marts.columns | {"dim_date": without}))
    assert any(
        "datasets/month_race" in one and "column days_in_month" in one and "hot-race on dashboards hot-sellers" in one
        for one in told
    ), told


def test_a_mart_that_is_gone_breaks_every_chart_on_it(assets: Any, marts: Any) -> None:
    others = {name: columns for name, columns in marts.columns.items() if name != "mart_hot_seller_monthly"}
    told = problems(assets, replace(marts, columns=others))
    assert any("marts.mart_hot_seller_monthly does not exist" in one and "hot-leaderboard" in one for one in told)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dataset": "no_such"}, "dataset no_such does not exist"),
        ({"annotations": ["holidays"]}, "annotations.yaml has no holidays"),
        ({"params": {"metrics": ["no_metric"], "groupby": ["no_column"]}}, "has no metric no_metric"),
    ],
)
def test_a_chart_that_names_what_is_not_there_is_told(assets: Any, marts: Any, change: Any, words: str) -> None:
    broken = assets.charts | {"gmv-growth": assets.charts["gmv-growth"] | change}
    told = problems(replace(assets, charts=broken), marts)
    assert any(words in one and "on dashboards gmv" in one for one in told), told


def test_a_dashboard_that_names_an_unknown_filter_or_chart_is_told(assets: Any, marts: Any) -> None:
    changed = {"filters": ["weather"], "layout": [{"height": 10, "charts": {"no-chart": 12}}]}
    told = problems(replace(assets, dashboards={"gmv": assets.dashboards["gmv"] | changed}), marts)
    assert "dashboards/gmv: native_filters.yaml has no filter weather" in told
    assert "dashboards/gmv: chart no-chart does not exist" in told
