"""Ask every page for its data, as it does when it opens: `python superset/verify.py [--json] [--queries FILE]`.

Belongs here: whether charts and lists of filters answer and are not empty. Not here: whether a picture is drawn
(orchestration/screens), whether numbers are right (dbt). Runs Superset in this process and goes through its HTTP layer,
so nothing has to be up. Exit code 1 and the names of what fails or has nothing to show, unless the file of a chart says
`may_be_empty`. With --json the last line of the output is a list of {"dashboard", "kind": "chart" or "filter", "title",
"rows", "error", "seconds", "queries"}; --queries writes the SQL of each to a file.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from as_opened import Filter, filters_of, question_as_opened
from bundle import Assets
from provision import ADMIN, HERE, start_app
from variables import required


def log_in(client: Any, password: str) -> dict[str, str]:
    """Headers that carry the admin's token."""
    body = {"username": ADMIN, "password": password, "provider": "db", "refresh": False}
    answer = client.post("/api/v1/security/login", json=body)
    if answer.status_code != 200:
        raise SystemExit("the admin cannot log in: provision first, with the same OMNI_SUPERSET_ADMIN_PASSWORD")
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


@dataclass(frozen=True)
class Chart:
    """A chart of a page. `columns` are those of its dataset."""

    identity: int
    uuid: str
    title: str
    saved: str
    columns: set[str]


@dataclass(frozen=True)
class Page:
    """A dashboard with its filters and charts."""

    title: str
    filters: list[Filter]
    charts: list[Chart]


def pages() -> list[Page]:
    """All of them, as Superset keeps them."""
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    return [
        Page(
            dashboard.dashboard_title,
            filters_of(dashboard.json_metadata),
            [_chart(one) for one in sorted(dashboard.slices, key=lambda one: one.slice_name)],
        )
        for dashboard in db.session.query(Dashboard).order_by(Dashboard.slug)
    ]


def _chart(kept: Any) -> Chart:
    columns = {column.column_name for column in kept.datasource.columns}
    return Chart(kept.id, str(kept.uuid), kept.slice_name, kept.query_context, columns)


def ask(client: Any, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """Rows that there are to show (of the smallest query), what went wrong, if anything, the queries and the data."""
    answer = client.post("/api/v1/chart/data", headers=headers, json=body)
    answered = answer.get_json(silent=True) or {}
    if answer.status_code != 200:
        error = str(answered.get("message") or answered.get("errors") or f"HTTP {answer.status_code}")
        return {"rows": 0, "error": error, "queries": [], "data": []}
    results = answered["result"]
    errors = [str(one["error"]) for one in results if one.get("error")]
    return {
        "rows": min(rows_with_values(one) for one in results),
        "error": " ".join("; ".join(errors).split()),
        "queries": [str(one.get("query") or "") for one in results],
        "data": results[0].get("data") or [],
    }


def rows_with_values(result: dict[str, Any]) -> int:
    """Rows in which something is known: a lone KPI without a value is an empty tile."""
    return sum(1 for row in result.get("data") or [] if any(value is not None for value in row.values()))


def verify() -> list[dict[str, Any]]:
    """Check every page as it opens: the lists of its filters, then its charts within what the filters then say."""
    app = start_app()
    charts_of_files = Assets.read(HERE / "assets").charts.values()
    may_be_empty = {chart["uuid"] for chart in charts_of_files if chart.get("may_be_empty")}
    with app.app_context():
        found = pages()
    with app.test_client() as client:
        headers = log_in(client, required("OMNI_SUPERSET_ADMIN_PASSWORD"))
        return [result for page in found for result in _check(page, may_be_empty, partial(ask, client, headers))]


def _check(
    page: Page, may_be_empty: set[str], send: Callable[[dict[str, Any]], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    chosen: list[tuple[Filter, Any]] = []
    for one in page.filters:
        values: list[dict[str, Any]] = []
        if one.column:
            result = _timed(send, one.question())
            values = result.pop("data")
            yield {"dashboard": page.title, "kind": "filter", "title": one.title, **result}
        chosen.append((one, values[0][one.column] if values and one.takes_first else None))
    for chart in page.charts:
        result = _timed(send, question_as_opened(chart.saved, chart.identity, chart.columns, chosen))
        del result["data"]
        if not result["error"] and result["rows"] == 0 and chart.uuid not in may_be_empty:
            result["error"] = "nothing to show"
        yield {"dashboard": page.title, "kind": "chart", "title": chart.title, **result}


def _timed(send: Callable[[dict[str, Any]], dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    result = send(body)
    return {"seconds": round(time.monotonic() - started, 3), **result}


def main() -> int:
    """Print one line per chart and filter, or one JSON document; 1 when one failed, 2 when there is none."""
    parser = argparse.ArgumentParser(description="Check that every chart and filter has something to show.")
    parser.add_argument("--json", action="store_true", help="print one JSON list on the last line")
    parser.add_argument("--queries", type=Path, help="write the SQL of each to this file, as one JSON object")
    options = parser.parse_args()
    results = verify()
    if options.queries:
        queries = {f"{one['dashboard']} / {one['kind']} {one['title']}": one["queries"] for one in results}
        options.queries.write_text(json.dumps(queries, ensure_ascii=False), encoding="utf-8")
    failed = [one for one in results if one["error"]]
    if options.json:
        print(json.dumps(results, ensure_ascii=False))  # noqa: T201
    else:
        for one in results:
            print(f"{one['dashboard']:<40} {one['rows']:>6} rows  {one['kind']} {one['title']}  {one['error']}")  # noqa: T201
        print(f"{len(results)} charts and filters, {len(failed)} failed")  # noqa: T201
    if not results:
        print("no chart is provisioned", file=sys.stderr)  # noqa: T201
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
