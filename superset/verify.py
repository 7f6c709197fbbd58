"""Ask every chart for its data, as a browser would: `python superset/verify.py [--json] [--queries FILE]`.

Belongs here: whether charts answer and are not empty. Not here: whether a picture is drawn (orchestration/screens),
whether numbers are right (dbt). Runs Superset in this process and goes through its HTTP layer, so nothing has to be up.
Exit code 1 and the names of the charts when one fails or has nothing to show, unless its file says `may_be_empty`. With
--json the last line of the output is a list of {"dashboard", "chart", "rows", "error", "seconds", "queries"};
--queries writes each chart's SQL to a file.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

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


def charts_by_dashboard() -> list[tuple[str, int, str, str]]:
    """(dashboard's title, chart's id, chart's uuid, chart's title), dashboard by dashboard."""
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    dashboards = db.session.query(Dashboard).order_by(Dashboard.slug)
    return [
        (dashboard.dashboard_title, chart.id, str(chart.uuid), chart.slice_name)
        for dashboard in dashboards
        for chart in sorted(dashboard.slices, key=lambda one: one.slice_name)
    ]


def check_chart(client: Any, headers: dict[str, str], chart_id: int) -> dict[str, Any]:
    """Rows that the chart has to show (the smallest of its queries), what went wrong, if anything, and the queries."""
    answer = client.get(f"/api/v1/chart/{chart_id}/data/?force=true", headers=headers)
    body = answer.get_json(silent=True) or {}
    if answer.status_code != 200:
        error = str(body.get("message") or body.get("errors") or f"HTTP {answer.status_code}")
        return {"rows": 0, "error": error, "queries": []}
    results = body["result"]
    errors = [str(one["error"]) for one in results if one.get("error")]
    return {
        "rows": min(rows_with_values(one) for one in results),
        "error": " ".join("; ".join(errors).split()),
        "queries": [str(one.get("query") or "") for one in results],
    }


def rows_with_values(result: dict[str, Any]) -> int:
    """Rows in which something is known: a lone KPI without a value is an empty tile."""
    return sum(1 for row in result.get("data") or [] if any(value is not None for value in row.values()))


def verify() -> list[dict[str, Any]]:
    """Check every chart once per dashboard on which it is shown."""
    app = start_app()
    results = []
    charts_of_files = Assets.read(HERE / "assets").charts.values()
    may_be_empty = {chart["uuid"] for chart in charts_of_files if chart.get("may_be_empty")}
    with app.app_context():
        charts = charts_by_dashboard()
    with app.test_client() as client:
        headers = log_in(client, required("OMNI_SUPERSET_ADMIN_PASSWORD"))
        for dashboard, chart_id, identity, title in charts:
            started = time.monotonic()
            found = check_chart(client, headers, chart_id)
            if not found["error"] and found["rows"] == 0 and identity not in may_be_empty:
                found["error"] = "nothing to show"
            seconds = round(time.monotonic() - started, 3)
            results.append({"dashboard": dashboard, "chart": title, "seconds": seconds, **found})
    return results


def main() -> int:
    """Print one line per chart, or one JSON document; 1 when a chart failed, 2 when there is none."""
    parser = argparse.ArgumentParser(description="Check that every chart has something to show.")
    parser.add_argument("--json", action="store_true", help="print one JSON list on the last line")
    parser.add_argument("--queries", type=Path, help="write the SQL of every chart to this file, as one JSON object")
    options = parser.parse_args()
    results = verify()
    if options.queries:
        queries = {f"{one['dashboard']} / {one['chart']}": one["queries"] for one in results}
        options.queries.write_text(json.dumps(queries, ensure_ascii=False), encoding="utf-8")
    failed = [one for one in results if one["error"]]
    if options.json:
        print(json.dumps(results, ensure_ascii=False))  # noqa: T201
    else:
        for one in results:
            print(f"{one['dashboard']:<40} {one['rows']:>6} rows  {one['chart']}  {one['error']}")  # noqa: T201
        print(f"{len(results)} charts, {len(failed)} failed")  # noqa: T201
    if not results:
        print("no chart is provisioned", file=sys.stderr)  # noqa: T201
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
