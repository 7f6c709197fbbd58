"""Running totals of calls and tasks, so that a monitor's question costs the same after a day and after years.

Belongs here: adding to `ops.call_totals` and `ops.task_totals`, in the transaction of what is counted. Who asks is the
door (`orchestration.api.figures`).
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import AsyncConnection

from connectors.calls import CallCount

# A statement's last part: the rows of `ended` (tasks) are added. Several may belong to one total.
ADD_ENDED = """
    insert into ops.task_totals as t
    select shop_id, stream, mode, status, count(*), coalesce(sum(extract(epoch from finished_at - started_at)), 0),
        sum(calls), sum(retries), sum(rows_read), sum(rows_inserted), sum(rows_updated), sum(rows_unchanged),
        sum(rows_dead_lettered), sum(rows_not_ready), max(finished_at)
    from ended group by shop_id, stream, mode, status order by shop_id, stream, mode, status
    on conflict (shop_id, stream, mode, status) do update set tasks = t.tasks + excluded.tasks,
        seconds = t.seconds + excluded.seconds, calls = t.calls + excluded.calls,
        retries = t.retries + excluded.retries, rows_read = t.rows_read + excluded.rows_read,
        rows_inserted = t.rows_inserted + excluded.rows_inserted,
        rows_updated = t.rows_updated + excluded.rows_updated,
        rows_unchanged = t.rows_unchanged + excluded.rows_unchanged,
        rows_dead_lettered = t.rows_dead_lettered + excluded.rows_dead_lettered,
        rows_not_ready = t.rows_not_ready + excluded.rows_not_ready,
        last_ended_at = greatest(t.last_ended_at, excluded.last_ended_at)
    returning t.shop_id
"""

# In the order of the key: two processes that count the same calls of a shop wait for each other, never crosswise.
_ADD_CALLS = """
    insert into ops.call_totals as t
    select %(shop_id)s, * from unnest(%(types)s::text[], %(codes)s::text[], %(bounds)s::float8[], %(calls)s::bigint[],
        %(seconds)s::float8[]) as n (api_type, code, up_to_seconds, calls, seconds)
    order by api_type collate "C", code collate "C", up_to_seconds
    on conflict (shop_id, api_type, code, up_to_seconds) do update
        set calls = t.calls + excluded.calls, seconds = t.seconds + excluded.seconds
"""


async def add_calls(conn: AsyncConnection, shop_id: int, counts: Sequence[CallCount]) -> None:
    """Add the calls of a shop, in the caller's transaction (at once in autocommit)."""
    if not counts:
        return
    columns = {
        "types": [one.api_type for one in counts],
        "codes": [one.code for one in counts],
        "bounds": [one.up_to for one in counts],
        "calls": [one.calls for one in counts],
        "seconds": [one.seconds for one in counts],
    }
    await conn.execute(_ADD_CALLS, {"shop_id": shop_id, **columns})
