"""How long a run is remembered: rows of `ops.sync_tasks`, with their `ops.sync_logs`, and which of them never go.

Belongs here: forgetting. Running totals (`ops.task_totals`) and whatever has landed are not touched. A large company
ends some ten thousand tasks a day; whoever reads the table should not read years of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

# The last success of each kind says how far a stream has come; the widest one is what a quote is computed from.
_OLD = """
    with kept as materialized (
        (
            select distinct on (shop_id, stream, mode) id from ops.sync_tasks
            where status = 'completed' order by shop_id, stream, mode, started_at desc
        )
        union
        (
            select distinct on (shop_id, stream) id from ops.sync_tasks
            where status = 'completed' and skipped is null and mode in ('live', 'window')
            order by shop_id, stream, window_end - window_start desc nulls last, started_at
        )
    ),
    old as materialized (
        select id from ops.sync_tasks where finished_at < %(before)s and id not in (select id from kept)
    )
"""
_COUNT = f"""
    {_OLD}
    select (select count(*) from old), (select count(*) from ops.sync_logs where task_id in (select id from old))
"""
_FORGET = f"""
    {_OLD},
    logs as (delete from ops.sync_logs where task_id in (select id from old) returning id),
    tasks as (delete from ops.sync_tasks where id in (select id from old) returning id)
    select (select count(*) from tasks), (select count(*) from logs)
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Rows of `ops.sync_tasks` and of `ops.sync_logs`."""

    tasks: int
    logs: int

    def __str__(self) -> str:
        return f"{self.tasks} tasks and {self.logs} log lines"


def old_tasks(connection: psycopg.Connection, before: datetime) -> Forgotten:
    """What `forget_tasks` would remove; changes nothing."""
    return _told(connection, _COUNT, before)


def forget_tasks(connection: psycopg.Connection, before: datetime) -> Forgotten:
    """Remove tasks that ended before an aware instant, with their logs, in the caller's transaction.

    Kept whatever their age: running ones, and of each shop and stream the last success of each mode and the widest.
    """
    return _told(connection, _FORGET, before)


def _told(connection: psycopg.Connection, query: str, before: datetime) -> Forgotten:
    [counts] = connection.execute(query, {"before": before}).fetchall()
    return Forgotten(*counts)
