"""Verdicts are kept once per run and check; those that passed are forgotten long before those that failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from connectors.postgres.check_results import CheckResult, keep_check_results

NOW = datetime.now(UTC)


def verdict(name: str, status: Any = "passed", rows: int = 0) -> CheckResult:
    return CheckResult(name, "marts", "fct", "E", status, rows, ("1/PO-1",) if rows else (), "data")


def test_repeating_a_run_replaces_its_verdicts(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        keep_check_results(conn, [verdict("a", "failed", 2), verdict("b")], run_id="r", run_at=NOW)
        keep_check_results(conn, [verdict("a")], run_id="r", run_at=NOW)
        rows = conn.execute(
            "select check_name, status, failed_rows, sample_keys from ops.check_results order by 1"
        ).fetchall()
    assert rows == [("a", "passed", 0, []), ("b", "passed", 0, [])]


def test_a_failure_is_remembered_longer_than_a_success(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        long_ago = NOW - timedelta(days=30)
        keep_check_results(conn, [verdict("good"), verdict("bad", "failed", 1)], run_id="old", run_at=long_ago)
        keep_check_results(conn, [verdict("good")], run_id="new", run_at=NOW)
        rows = conn.execute("select run_id, check_name from ops.check_results order by 1, 2").fetchall()
    assert rows == [("new", "good"), ("old", "bad")]
