"""What a browser asks when it opens a dashboard. Pure: from the answers of Superset's API to the bodies of requests.

Belongs here: which charts stand on the tab that opens first, and each chart's saved question with the filters of the
page laid over it, as the page does it. Not here: sending (readers.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def first_screen(position: Mapping[str, Any]) -> set[int]:
    """Ids of the charts that are drawn at once: those outside of tabs and those of each first tab."""
    return set(_charts_below(position, "ROOT_ID"))


def _charts_below(position: Mapping[str, Any], key: str) -> Iterator[int]:
    node = position.get(key, {})
    if node.get("type") == "CHART":
        yield int(node["meta"]["chartId"])
    children = node.get("children", [])
    for child in children[:1] if node.get("type") == "TABS" else children:
        yield from _charts_below(position, child)


@dataclass(frozen=True)
class Choice:
    """What a reader has chosen: column → values, and a time range of Superset."""

    time_range: str
    columns: Mapping[str, Sequence[str]]


def laid_over(choice: Choice, metadata: Mapping[str, Any], chart: int) -> list[dict[str, Any]]:
    """The choice as conditions on this chart: only by filters that the page has and that concern the chart."""
    conditions: list[dict[str, Any]] = []
    for one in metadata.get("native_filter_configuration", []):
        if chart in one.get("scope", {}).get("excluded", []):
            continue
        column = (one["targets"][0] or {}).get("column", {}).get("name") if one["targets"] else None
        if one["filterType"] == "filter_time":
            conditions.append({"op": "TEMPORAL_RANGE", "val": choice.time_range})
        elif column in choice.columns:
            conditions.append({"col": column, "op": "IN", "val": list(choice.columns[column])})
    return conditions


def asked_by_page(
    saved: str, conditions: Sequence[Mapping[str, Any]], *, dashboard: int, chart: int, cold: bool
) -> bytes:
    """The body of the request: the saved question within the conditions; `cold` does not take a kept answer."""
    context = json.loads(saved)
    time_range = next((one["val"] for one in conditions if one["op"] == "TEMPORAL_RANGE"), None)
    chosen = [dict(one) for one in conditions if "col" in one]
    for query in context["queries"]:
        query["filters"] = [_within(one, time_range) for one in query.get("filters", [])] + chosen
    context["force"] = cold
    context["form_data"] = (context.get("form_data") or {}) | {"dashboardId": dashboard, "slice_id": chart}
    return json.dumps(context).encode()


def _within(one: dict[str, Any], time_range: str | None) -> dict[str, Any]:
    """The page's date range in the place of the chart's own."""
    return one | {"val": time_range} if time_range and one.get("op") == "TEMPORAL_RANGE" else one
