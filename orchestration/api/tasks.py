"""How far a task is: the rows of `ops.sync_tasks` and `ops.sync_logs` that its run has written.

Belongs here: the figures of one run and the estimate of its end. Does not belong here: Dagster's view (`runs`).
A task that was read by several streams and shops has a part for each; parts that have not begun are not in the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

_PARTS = """
    select coalesce(s.shop_name, t.shop_id::text) as shop, t.stream, t.status as state, t.calls, t.rows_read,
        t.rows_inserted, t.rows_updated, t.rows_unchanged, t.rows_dead_lettered, t.error_message as error,
        t.started_at, t.finished_at
    from ops.sync_tasks t left join ops.shops s on s.id = t.shop_id
    where t.run_id = %s
    order by t.started_at, t.stream
"""
_ITEMS = """
    select l.item_key as item, coalesce(s.shop_name, l.shop_id::text) as shop, l.stream, l.status as state, l.message
    from ops.sync_logs l left join ops.shops s on s.id = l.shop_id
    where l.run_id = %s order by l.id limit %s
"""
# What a run of this mode takes: the median of the last twenty, per day read where days are read.
_USUAL = """
    select percentile_cont(0.5) within group (order by seconds)::float8
    from (
        select extract(epoch from max(finished_at) - min(started_at)) / case when %(mode)s = 'window'
            then greatest(1, extract(epoch from max(window_end) - min(window_start)) / 86400) else 1 end as seconds
        from ops.sync_tasks
        where mode = %(mode)s and stream = any(%(streams)s) and finished_at is not null
        group by run_id
        having bool_and(status = 'completed')
        order by max(started_at) desc
        limit 20
    ) as last_runs
"""
MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One stream of one shop. Counts are records; `state` is running, completed or failed."""

    shop: str
    stream: str
    state: str
    calls: int
    rows_read: int
    rows_inserted: int
    rows_updated: int
    rows_unchanged: int
    rows_dead_lettered: int
    error: str | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """One order, product or set aside record that the task touched."""

    item: str
    shop: str
    stream: str
    state: str
    message: str | None


def parts_of(conn: psycopg.Connection, run_id: str) -> list[Part]:
    """What the run has begun, in order."""
    with conn.cursor(row_factory=class_row(Part)) as cursor:
        return cursor.execute(_PARTS, [run_id]).fetchall()


def items_of(conn: psycopg.Connection, run_id: str) -> list[Item]:
    """The first `MOST_ITEMS` single records of the run."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(_ITEMS, [run_id, MOST_ITEMS]).fetchall()


def usual_seconds(conn: psycopg.Connection, *, mode: str, streams: Sequence[str], days: float) -> float | None:
    """What such a run usually takes from its first part to its last; None as long as there was none."""
    row = conn.execute(_USUAL, {"mode": mode, "streams": list(streams)}).fetchone()
    if row is None or row[0] is None:
        return None
    return float(row[0]) * (max(1.0, days) if mode == "window" else 1.0)


def progress(parts: Sequence[Part], expected: int, state: str) -> float:
    """Share of the expected parts that have ended, by their last attempts; 1.0 only for a task that has ended."""
    if state in ("completed", "failed"):
        return 1.0
    last = {(part.shop, part.stream): part for part in parts}
    ended = sum(1 for part in last.values() if part.finished_at is not None)
    return round(min(ended / max(expected, len(last), 1), 0.99), 4)


def eta_seconds(done: float, usual: float | None, started_at: datetime | None, now: datetime, state: str) -> int | None:
    """Seconds until the end: at the pace so far once a part is done, before that what is usual less what has passed.

    None = nobody can know: nothing is done and there is no usual time, or it is over; 0 = it has ended.
    """
    if state in ("completed", "failed"):
        return 0
    passed = (now - started_at).total_seconds() if started_at else 0.0
    if done > 0 and passed > 0:
        return max(1, round(passed * (1 - done) / done))
    if usual is None or usual <= passed:
        return None
    return max(1, round(usual - passed))
