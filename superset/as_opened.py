"""What a page asks when it opens: the values of its filters, and each chart's question with what its filters say then.

Belongs here: from a dashboard's own metadata to the bodies of requests, as the page makes them. Not here: sending them
(verify.py), what a filter is (assets/native_filters.yaml).
"""

import json
from dataclasses import dataclass
from typing import Any

VALUES_OF_A_FILTER = 1000  # Superset's own limit


@dataclass(frozen=True)
class Filter:
    """A filter of a page. By itself it says `time_range`, or its first value where it `takes_first`, or nothing.

    `column` is None where it is about time; `excluded` are the ids of charts that it does not concern.
    """

    title: str
    excluded: frozenset[int]
    dataset_id: int | None
    column: str | None
    ascending: bool
    takes_first: bool
    time_range: str

    def question(self) -> dict[str, Any]:
        """The body that asks for the values to choose from."""
        query = {
            "columns": [self.column],
            "metrics": [],
            "orderby": [[self.column, self.ascending]],
            "filters": [],
            "row_limit": VALUES_OF_A_FILTER,
        }
        return _body({"datasource": {"id": self.dataset_id, "type": "table"}, "queries": [query]})


def filters_of(json_metadata: str) -> list[Filter]:
    """The filters of a dashboard, in the order of its page."""
    return [_filter(one) for one in json.loads(json_metadata).get("native_filter_configuration", [])]


def _filter(spec: dict[str, Any]) -> Filter:
    target = (spec.get("targets") or [{}])[0]
    controls = spec.get("controlValues", {})
    return Filter(
        title=spec["name"],
        excluded=frozenset(spec.get("scope", {}).get("excluded", [])),
        dataset_id=target.get("datasetId"),
        column=(target.get("column") or {}).get("name"),
        ascending=controls.get("sortAscending", True),
        takes_first=controls.get("defaultToFirstItem", False),
        time_range=spec.get("defaultDataMask", {}).get("extraFormData", {}).get("time_range", ""),
    )


def question_as_opened(
    saved: str, chart_id: int, columns: set[str], chosen: list[tuple[Filter, Any]]
) -> dict[str, Any]:
    """The saved question of a chart with the choices that concern it: not excluded, and of a column that it has.

    `columns` are those of the chart's dataset; `chosen` holds a value per filter, or None where nothing is chosen.
    """
    context = json.loads(saved)
    concerning = [(one, value) for one, value in chosen if chart_id not in one.excluded]
    time_range = next((one.time_range for one, _ in concerning if one.time_range), None)
    picked = [
        {"col": one.column, "op": "IN", "val": [value]}
        for one, value in concerning
        if value is not None and one.column in columns
    ]
    for query in context["queries"]:
        query["filters"] = [_within(one, time_range) for one in query.get("filters", [])] + picked
    return _body(context)


def _within(one: dict[str, Any], time_range: str | None) -> dict[str, Any]:
    """The page's date range in the place of the chart's own."""
    return one | {"val": time_range} if time_range and one.get("op") == "TEMPORAL_RANGE" else one


def _body(context: dict[str, Any]) -> dict[str, Any]:
    return context | {"force": True, "result_format": "json", "result_type": "full"}
