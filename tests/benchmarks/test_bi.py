"""The dashboard benchmark asks what a browser asks. Its times are not judged here."""

from __future__ import annotations

import json

from benchmarks.bi.questions import Choice, asked_by_page, first_screen, laid_over

POSITION = {
    "ROOT_ID": {"type": "ROOT", "children": ["GRID_ID"]},
    "GRID_ID": {"type": "GRID", "children": ["ROW-1", "TABS-1"]},
    "ROW-1": {"type": "ROW", "children": ["CHART-1"]},
    "CHART-1": {"type": "CHART", "children": [], "meta": {"chartId": 1}},
    "TABS-1": {"type": "TABS", "children": ["TAB-1", "TAB-2"]},
    "TAB-1": {"type": "TAB", "children": ["CHART-2"]},
    "CHART-2": {"type": "CHART", "children": [], "meta": {"chartId": 2}},
    "TAB-2": {"type": "TAB", "children": ["CHART-3"]},
    "CHART-3": {"type": "CHART", "children": [], "meta": {"chartId": 3}},
}
SHOP = {"filterType": "filter_select", "targets": [{"column": {"name": "shop_name"}}], "scope": {"excluded": [2]}}
DATE = {"filterType": "filter_time", "targets": [{}], "scope": {"excluded": []}}
SAVED = json.dumps(
    {"queries": [{"filters": [{"col": "order_date", "op": "TEMPORAL_RANGE", "val": "Last 30 days"}]}], "force": False}
)
CHOICE = Choice("Last 7 days", {"shop_name": ["Acme"], "sku_code": ["A-1"]})


def test_only_the_charts_of_the_tab_that_opens_first_are_asked_for() -> None:
    assert first_screen(POSITION) == {1, 2}


def test_filters_concern_the_charts_that_they_are_set_for_and_no_page_without_them() -> None:
    metadata = {"native_filter_configuration": [SHOP, DATE]}
    week = {"op": "TEMPORAL_RANGE", "val": "Last 7 days"}
    assert laid_over(CHOICE, metadata, chart=1) == [{"col": "shop_name", "op": "IN", "val": ["Acme"]}, week]
    assert laid_over(CHOICE, metadata, chart=2) == [week]
    assert laid_over(CHOICE, {}, chart=1) == []


def test_the_date_of_the_page_takes_the_place_of_the_charts_own_and_other_conditions_are_added() -> None:
    conditions = laid_over(CHOICE, {"native_filter_configuration": [SHOP, DATE]}, chart=1)
    body = json.loads(asked_by_page(SAVED, conditions, dashboard=5, chart=1, cold=True))
    assert body["queries"][0]["filters"] == [
        {"col": "order_date", "op": "TEMPORAL_RANGE", "val": "Last 7 days"},
        {"col": "shop_name", "op": "IN", "val": ["Acme"]},
    ]
    assert body["force"] is True
    assert body["form_data"] == {"dashboardId": 5, "slice_id": 1}
