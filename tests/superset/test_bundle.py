"""What the short file format grows into: annotations, dependent filters, certified metrics, descriptions from dbt."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

ACTIVITIES = {"name": "活动 · Activities", "chart": "gmv-growth", "start": "starts", "end": "ends", "title": "title"}


def test_an_annotation_reaches_the_chart_and_the_query_that_its_data_endpoint_answers(assets: Any) -> None:
    own = replace(assets, annotations={"activities": ACTIVITIES})
    chart = own.importable_chart(assets.charts["gmv-refunds-cancels"] | {"annotations": ["activities"]})
    [layer] = chart["params"]["annotation_layers"]
    assert (layer["sourceType"], layer["value"], layer["timeColumn"]) == ("table", "gmv-growth", "starts")
    queries = json.loads(chart["query_context"])["queries"]
    assert [query["annotation_layers"] for query in queries] == [[layer]] * 2
    assert "annotations" not in chart


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


def test_columns_are_described_as_the_contract_of_their_mart_describes_them(assets: Any) -> None:
    columns = assets.importable_dataset(assets.datasets["mart_gmv_daily"])["columns"]
    told = {one["column_name"]: one.get("description") for one in columns}
    assert "GMV" in told["gmv_cny"]
    assert "/" in told["gmv_cny"]
