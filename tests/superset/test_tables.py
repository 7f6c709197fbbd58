"""What a table may show: numbers in a format, yes and no in words, both languages in its head."""

from __future__ import annotations

import re
from typing import Any


def raw_tables(assets: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Tables of single rows: name → (its parameters, the columns of its dataset by name)."""
    return {
        slug: (chart["params"], {one["column_name"]: one for one in assets.datasets[chart["dataset"]]["columns"]})
        for slug, chart in assets.charts.items()
        if chart["viz_type"] == "table" and chart["params"].get("query_mode") == "raw"
    }


def test_every_number_with_decimals_has_a_format(assets: Any) -> None:
    bare = {
        f"{slug}.{name}"
        for slug, (params, columns) in raw_tables(assets).items()
        for name in params["all_columns"]
        if columns[name].get("type", "").startswith("NUMERIC")
        and "d3NumberFormat" not in params.get("column_config", {}).get(name, {})
    }
    assert bare == set()


def test_no_table_says_true_or_false(assets: Any) -> None:
    told = {
        f"{slug}.{name}"
        for slug, (params, columns) in raw_tables(assets).items()
        for name in params["all_columns"]
        if columns[name].get("type") == "BOOLEAN"
    }
    assert told == set()


def test_no_pivot_adds_up_different_metrics(assets: Any) -> None:
    """A row's total runs over all columns: with GMV and units side by side it is the sum of both, which is nothing."""
    nonsense = {
        slug
        for slug, chart in assets.charts.items()
        if chart["viz_type"] == "pivot_table_v2"
        and len(chart["params"]["metrics"]) > 1
        and (chart["params"]["rowTotals"] or chart["params"].get("rowSubTotals"))
    }
    assert nonsense == set()


def test_the_derivation_shows_steps_with_and_without_a_cost_in_the_same_columns(assets: Any) -> None:
    """Costs stand in columns of their own, which are empty for readers who may not see them: nothing leaks."""
    params, columns = raw_tables(assets)["ord-derivation"]
    expressions = {columns[name].get("expression") for name in params["all_columns"]}
    assert {"COALESCE(arithmetic, cost_arithmetic)", "COALESCE(result_cny, cost_result_cny)"} <= expressions


def test_the_search_box_of_orders_finds_parent_order_article_and_package(assets: Any) -> None:
    """It looks in the first column."""
    wanted = {
        "ord-lines": {"parent_key", "order_sn", "sku_code", "package_sn"},
        "log-ship-by": {"parent_key", "skus", "package_sn"},
        "log-exception-list": {"parent_key", "tracking_number", "package_sn"},
    }
    for slug, names in wanted.items():
        params, columns = raw_tables(assets)[slug]
        assert params["server_pagination"]
        searched = columns[params["all_columns"][0]]["expression"]
        assert names <= set(re.findall(r"\w+", searched)), slug


def test_a_list_of_the_worst_first_ends_with_the_unknown(assets: Any) -> None:
    """Postgres puts NULL before the largest. A source that never succeeded has no lag and is the worst indeed."""
    unknown = {"days_in_transit", "days_past_promise", "failed_rows", "hours_left", "hours_to_ship", "transit_days"}
    descending = {
        f"{slug}.{name}"
        for slug, (params, _) in raw_tables(assets).items()
        for name, ascending in params["order_by_pairs"]
        if not ascending and name in unknown
    }
    assert descending == set()
