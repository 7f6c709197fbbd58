"""A page that opens: its charts are asked within what its filters say by themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

SPAN = {
    "id": "NATIVE_FILTER-date_range",
    "name": "日期 · Dates",
    "filterType": "filter_time",
    "targets": [{}],
    "defaultDataMask": {"extraFormData": {"time_range": "Last 30 days"}},
}
MONTH = {
    "id": "NATIVE_FILTER-month",
    "name": "月份 · Month",
    "filterType": "filter_select",
    "targets": [{"column": {"name": "month"}, "datasetId": 5}],
    "controlValues": {"defaultToFirstItem": True, "sortAscending": False},
    "scope": {"excluded": [9]},
}
SAVED = json.dumps({"queries": [{"columns": ["sku"], "filters": [{"op": "TEMPORAL_RANGE", "val": "No filter"}]}]})


@pytest.fixture
def as_opened(superset_modules: None) -> Any:
    import as_opened

    return as_opened


@pytest.fixture
def chosen(as_opened: Any) -> list[tuple[Any, Any]]:
    span, month = as_opened.filters_of(json.dumps({"native_filter_configuration": [SPAN, MONTH]}))
    return [(span, None), (month, "2026-10")]


def conditions(question: dict[str, Any]) -> list[dict[str, Any]]:
    [query] = question["queries"]
    found: list[dict[str, Any]] = query["filters"]
    return found


def test_the_list_of_a_filter_is_asked_in_its_own_order(chosen: list[tuple[Any, Any]]) -> None:
    question = chosen[1][0].question()
    assert question["datasource"] == {"id": 5, "type": "table"}
    assert question["queries"][0]["columns"] == ["month"]
    assert question["queries"][0]["orderby"] == [["month", False]]


def test_a_chart_is_asked_within_the_dates_and_the_first_choice_of_its_page(as_opened: Any, chosen: Any) -> None:
    question = as_opened.question_as_opened(SAVED, 7, {"sku", "month"}, chosen)
    assert conditions(question) == [
        {"op": "TEMPORAL_RANGE", "val": "Last 30 days"},
        {"col": "month", "op": "IN", "val": ["2026-10"]},
    ]


def test_a_filter_that_does_not_concern_a_chart_or_its_dataset_adds_nothing(as_opened: Any, chosen: Any) -> None:
    dates = {"op": "TEMPORAL_RANGE", "val": "Last 30 days"}
    assert conditions(as_opened.question_as_opened(SAVED, 9, {"sku", "month"}, chosen)) == [dates]
    assert conditions(as_opened.question_as_opened(SAVED, 7, {"sku"}, chosen)) == [dates]


def test_a_page_without_a_date_range_leaves_the_chart_its_own(as_opened: Any, chosen: Any) -> None:
    question = as_opened.question_as_opened(SAVED, 7, {"sku"}, chosen[1:])
    assert conditions(question) == [{"op": "TEMPORAL_RANGE", "val": "No filter"}]
