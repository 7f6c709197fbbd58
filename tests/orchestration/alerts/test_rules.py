"""The file of alerts and reports against the contracts of the marts and the dashboards that it links to."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
import yaml

from connectors.settings import PROJECT_ROOT
from orchestration.alerts.rules import Alert, Report, marts_in, read_rules

ALERTS, REPORTS = read_rules()
MODELS = PROJECT_ROOT / "dbt_project" / "models" / "marts"
LATER = {"mart_dq_results", "mart_order_alerts"}


@pytest.fixture(scope="module")
def marts(postgres_server: Any) -> Any:
    """A database with every mart as its contract describes it, empty."""
    url = postgres_server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        for path in MODELS.rglob("*.yml"):
            for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
                columns = ", ".join(f'"{one["name"]}" {one["data_type"]}' for one in model["columns"])
                connection.execute(f"create table marts.{model['name']} ({columns})")
        yield connection
    postgres_server.drop_database(url)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one.key)
def test_a_condition_runs_on_the_marts_and_answers_one_number_or_pairs(alert: Alert, marts: Any) -> None:
    cursor = _asked(marts, alert.marts, alert.sql)
    if cursor is not None:
        personal = {"manager", "shop_owner"} & set(alert.to)
        assert len(cursor.description) == (2 if personal else 1)
        assert all(row[-1] in (None, 0) for row in cursor.fetchall()), "empty marts are no alarm"


@pytest.mark.parametrize("report", REPORTS, ids=lambda one: one.key)
def test_the_sheets_of_a_report_run_on_the_marts(report: Report, marts: Any) -> None:
    for sheet in report.sheets:
        values = {"first": "2026-02-01", "last": "2026-02-28", "recipient": "7"}
        _asked(marts, marts_in(sheet.sql), sheet.sql, values)
        assert len(sheet.title) <= 31
        assert [head for head in sheet.percent if f'AS "{head}"' not in sheet.sql] == [], "no column has such a head"
        assert ("%(recipient)s" in sheet.sql) == report.is_personal


def test_heads_are_told_apart_in_both_languages() -> None:
    for report in REPORTS:
        for sheet in report.sheets:
            heads = re.findall(r'AS "([^"]+)"', sheet.sql)
            english = [head.partition(" ")[2] or head for head in heads]
            assert len(set(english)) == len(english), f"{report.key}, {sheet.title}: {english}"


def test_files_of_two_reports_are_told_apart_by_how_they_begin() -> None:
    keys = [one.key for one in REPORTS]
    assert [(one, other) for one in keys for other in keys if other.startswith(f"{one}-")] == []


def test_every_alert_has_a_name_in_both_languages_an_owner_and_a_link_that_exists() -> None:
    dashboards = {path.stem for path in (PROJECT_ROOT / "superset" / "assets" / "dashboards").glob("*.yaml")}
    for one in (*ALERTS, *REPORTS):
        assert " · " in one.name
        assert one.owner
        assert one.to
        assert one.dashboard in dashboards


def test_a_link_leads_to_a_dashboard_that_has_its_filters_with_values_from_the_marts(marts: Any) -> None:
    for alert in ALERTS:
        file = PROJECT_ROOT / "superset" / "assets" / "dashboards" / f"{alert.dashboard}.yaml"
        filters = {one.name for one in alert.filters}
        assert filters <= set(yaml.safe_load(file.read_text(encoding="utf-8"))["filters"]), alert.key
        for one in alert.filters:
            cursor = _asked(marts, marts_in(one.sql), one.sql, {"recipient": "7"}) if one.sql else None
            assert cursor is None or len(cursor.description) == 1, f"{alert.key}: {one.name}"


def test_alerts_that_say_where_tell_it_with_their_link() -> None:
    filtered = {alert.key for alert in ALERTS if alert.filters}
    assert {alert.key for alert in ALERTS if set(alert.to) & {"manager", "shop_owner"}} <= filtered
    assert {"stale-source", "reconciliation-gap", "stock-out", "overdue-collection", "order-anomaly"} <= filtered


def _asked(connection: Any, needed: tuple[str, ...], query: str, values: dict[str, str] | None = None) -> Any:
    known = {row[0] for row in connection.execute("select tablename from pg_tables where schemaname = 'marts'")}
    missing = set(needed) - known
    assert missing <= LATER, f"no such mart: {missing - LATER}"
    return None if missing else connection.execute(query, values)
