"""What is forgotten of old runs, and what is never forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from connectors.postgres.retention import Forgotten, forget_tasks, old_tasks

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BEFORE = NOW - timedelta(days=180)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as opened:
        yield opened


def _task(
    connection: psycopg.Connection, days_ago: int, *, status: str = "completed", mode: str = "live", hours: int = 1
) -> UUID:
    """A task with a log line, of one shop and stream, that read `hours`."""
    task, at = uuid4(), NOW - timedelta(days=days_ago)
    connection.execute(
        "insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id, window_start, window_end, started_at,"
        " finished_at) values (%s, 1, 'orders', %s, %s, 'r', %s, %s, %s, %s)",
        [task, mode, status, at - timedelta(hours=hours), at, at, None if status == "running" else at],
    )
    connection.execute(
        "insert into ops.sync_logs (task_id, run_id, shop_id, stream, item_key, status)"
        " values (%s, 'r', 1, 'orders', 'PO-1', 'ok')",
        [task],
    )
    return task


def _left(connection: psycopg.Connection) -> set[UUID]:
    tasks = {task for (task,) in connection.execute("select id from ops.sync_tasks")}
    assert {task for (task,) in connection.execute("select task_id from ops.sync_logs")} == tasks
    return tasks


def test_old_tasks_go_with_their_lines_and_young_ones_stay(connection: psycopg.Connection) -> None:
    for days_ago in (400, 300, 200):
        _task(connection, days_ago)
        _task(connection, days_ago, status="failed")
    young = {_task(connection, 10), _task(connection, 20, status="failed"), _task(connection, 30, hours=9)}
    assert old_tasks(connection, BEFORE) == Forgotten(6, 6)
    assert len(_left(connection)) == 9
    assert forget_tasks(connection, BEFORE) == Forgotten(6, 6)
    assert _left(connection) == young
    assert forget_tasks(connection, BEFORE) == Forgotten(0, 0)


def test_the_last_success_of_each_mode_the_widest_window_and_what_runs_are_never_forgotten(
    connection: psycopg.Connection,
) -> None:
    widest = _task(connection, 700, mode="window", hours=2000)
    _task(connection, 600)
    kept = {
        _task(connection, 500),
        _task(connection, 500, mode="window"),
        _task(connection, 500, mode="recount"),
        _task(connection, 650, status="running"),
    }
    _task(connection, 400, status="failed")
    assert forget_tasks(connection, BEFORE) == Forgotten(2, 2)
    assert _left(connection) == kept | {widest}
