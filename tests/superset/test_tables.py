"""What a table may show: numbers in a format, yes and no in words, both languages in its head."""

from __future__ import annotations

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
