"""What the short file format grows into: annotations, dependent filters, certified metrics, descriptions from dbt."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.settings import PROJECT_ROOT

STATES = PROJECT_ROOT / "dbt_project" / "seeds" / "intermediate" / "collection_states.csv"
SHARED_METRICS = {  # dashboards.md §0.1, less those that this mart has no columns for
    "gmv", "net_revenue", "refunds", "profit", "profit_estimated", "margin", "coverage", "orders", "units", "aov",
    "refund_rate", "cancel_rate",
}  # fmt: skip
ACTIVITIES = {"name": "活动 · Activities", "chart": "gmv-growth", "start": "starts", "end": "ends", "title": "title"}


def test_an_annotation_reaches_the_chart_and_the_query_that_its_data_endpoint_answers(assets: Any) -> None:
    own = replace(assets, annotations={"activities": ACTIVITIES})
    chart = own.importable_chart(assets.charts["gmv-refunds-cancels"] | {"annotations": ["activities"]})
    [layer] = chart["params"]["annotation_layers"]
    assert (layer["sourceType"], layer["value"], layer["timeColumn"]) == ("table", "gmv-growth", "starts")
    queries = json.loads(chart["query_context"])["queries"]
    assert [query["annotation_layers"] for query in queries] == [[layer]] * 2
    assert "annotations" not in chart


def test_a_chart_whose_emptiness_is_good_news_says_which(assets: Any) -> None:
    from bundle import chart_description

    body = {"may_be_empty": "没有死信 / no dead letter"}
    assert chart_description(body) == "空白表示没有死信 / empty means no dead letter"
    both = body | {"description": "按来源 / by stream"}
    assert chart_description(both) == "按来源；空白表示没有死信 / by stream; empty means no dead letter"
    assert chart_description({"description": "按来源 / by stream"}) == "按来源 / by stream"
    for slug, chart in assets.charts.items():
        assert " / " in chart.get("may_be_empty", " / "), slug
    told = assets.importable_chart(assets.charts["ops-dead-letter-list"])["description"]
    assert told.endswith("empty means no dead letter")


def test_a_chart_of_an_annotation_gets_the_number_that_it_has_in_the_installation(assets: Any) -> None:
    from annotations import annotation_layers, number_charts

    layers = annotation_layers(["activities"], {"activities": ACTIVITIES})
    assert [one["value"] for one in number_charts(layers, {"gmv-growth": 41})] == [41]


def test_a_filter_depends_only_on_filters_that_its_dashboard_has(assets: Any) -> None:
    short = assets.dashboards["gmv"] | {"filters": ["date_range", "region", "shop", "sku"]}
    found = {one["id"]: one for one in assets.importable_dashboard(short)["metadata"]["native_filter_configuration"]}
    assert found["NATIVE_FILTER-shop"]["cascadeParentIds"] == ["NATIVE_FILTER-region"]
    assert found["NATIVE_FILTER-sku"]["cascadeParentIds"] == []
    assert found["NATIVE_FILTER-sku"]["controlValues"]["searchAllOptions"] is True
    assert found["NATIVE_FILTER-date_range"]["controlValues"] == {}


def test_what_a_filter_depends_on_has_a_column_in_its_dataset(assets: Any) -> None:
    by_name = assets.filters_by_name
    dependent = [one for one in assets.filters if one.get("depends_on")]
    assert dependent
    for one in dependent:
        columns = {column["column_name"] for column in assets.datasets[one["dataset"]]["columns"]}
        assert {one["column"], *(by_name[name]["column"] for name in one["depends_on"])} <= columns, one["id"]


def test_a_certified_metric_says_by_whom_and_why(assets: Any) -> None:
    dataset = assets.datasets["dim_shop"]
    metric = {"metric_name": "rows", "expression": "COUNT(*)", "certified": "L"}
    [imported] = assets.importable_dataset(dataset | {"metrics": [metric]})["metrics"]
    assert imported["extra"] == {"certification": {"certified_by": "temu-omni", "details": "L"}}


def test_the_metrics_that_the_dashboards_share_are_certified_and_say_the_same_everywhere(assets: Any) -> None:
    shared = {one["metric_name"]: one for one in assets.datasets["mart_gmv_daily"]["metrics"]}
    assert {name for name in SHARED_METRICS if "certified" not in shared[name]} == set()
    for slug, dataset in assets.datasets.items():
        for one in dataset["metrics"]:
            if "certified" in one and one["metric_name"] in shared:
                assert one["certified"] == shared[one["metric_name"]]["certified"], f"{slug}.{one['metric_name']}"


def test_a_file_that_says_a_key_twice_is_refused_by_name(tmp_path: Path) -> None:
    from bundle import _read

    file = tmp_path / "chart.yaml"
    file.write_text("params:\n  limit: 1\n  limit: 2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"chart\.yaml: limit stands twice in the mapping that begins in line 2"):
        _read(file)


def test_lights_have_plain_colours_unless_the_file_says_otherwise_and_an_export_is_as_short_as_the_file(
    assets: Any,
) -> None:
    from unbundle import Installed

    chart = assets.charts["score-board"]
    shaded = {"column": "score", "operator": ">", "targetValue": 1, "colorScheme": "#009E73", "useGradient": True}
    files = chart["params"]["conditional_formatting"] + [shaded]
    own = replace(
        assets, charts={"score-board": chart | {"params": chart["params"] | {"conditional_formatting": files}}}
    )
    params = own.importable_chart(own.charts["score-board"])["params"]
    assert [one["useGradient"] for one in params["conditional_formatting"]] == [False] * (len(files) - 1) + [True]
    found = {key: chart[key] for key in ("uuid", "slice_name", "viz_type")} | {"params": params}
    dataset = assets.datasets[chart["dataset"]]
    for state in (own, replace(assets, charts={})):  # the second: as somebody made it in a browser
        short = Installed(state, {}).chart(found, dataset, chart["dataset"])
        assert short["params"]["conditional_formatting"] == files


def test_columns_are_described_as_the_contract_of_their_mart_describes_them(assets: Any) -> None:
    columns = assets.importable_dataset(assets.datasets["mart_gmv_daily"])["columns"]
    told = {one["column_name"]: one.get("description") for one in columns}
    assert "GMV" in told["gmv_cny"]
    assert "/" in told["gmv_cny"]


def test_a_moment_becomes_the_words_of_a_clock_in_beijing(assets: Any) -> None:
    columns = assets.importable_dataset(assets.datasets["view_ship_by_list"])["columns"]
    [told] = [one for one in columns if one["column_name"] == "ship_deadline_beijing"]
    assert told["expression"] == "TO_CHAR(ship_deadline AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')"
    assert told["type"] == "TEXT"
    assert "beijing" not in told


def test_series_that_several_charts_show_have_their_colour_on_every_dashboard(assets: Any) -> None:
    from theme import SERIES

    levels = next(
        one["expression"]
        for one in assets.datasets["mart_stock_alerts"]["columns"]
        if one["column_name"] == "level_name"
    )
    metrics = {one["metric_name"] for body in assets.datasets.values() for one in body["metrics"]}
    states = [row["state_name"] for row in csv.DictReader(STATES.read_text(encoding="utf-8").splitlines())]
    known = {*re.findall(r"THEN '([^']*)'", levels), *metrics, *states}
    assert set(SERIES) <= known
    assert set(states) <= set(SERIES)
    for dashboard in assets.dashboards.values():
        assert assets.importable_dashboard(dashboard)["metadata"]["label_colors"] == SERIES


def test_a_table_that_the_server_pages_asks_for_its_first_page(assets: Any) -> None:
    [query] = json.loads(assets.importable_chart(assets.charts["ord-lines"])["query_context"])["queries"]
    assert query["row_limit"] == 50
