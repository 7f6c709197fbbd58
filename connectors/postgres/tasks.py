"""One row of `ops.sync_tasks` per shop, stream and run: what was read, how it ended.

Belongs here: starting such a row, telling in it how far the task is, finishing it. A row that still says "running" when
the next run takes the same shop and stream, while nobody holds the task's lock, belongs to a process that died. What
ends is added to the running totals in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from connectors.calls import CallCount
from connectors.postgres.totals import ADD_ENDED, add_calls
from connectors.records import Window

COUNTS = (
    "calls",
    "retries",
    "rows_read",
    "rows_inserted",
    "rows_updated",
    "rows_unchanged",
    "rows_dead_lettered",
    "rows_not_ready",
)

# A task holds a lock of its own from start to end: one that has lent its stream to us is running and alive.
_HOLD = "select pg_advisory_lock(hashtextextended('task ' || %s, 0))"
_LET_GO = "select pg_advisory_unlock(hashtextextended('task ' || %s, 0))"
_INTERRUPT = f"""
    with running as materialized (
        select id from ops.sync_tasks where shop_id = %s and stream = %s and status = 'running'
    ),
    ended as (
        update ops.sync_tasks set status = 'failed', error_class = 'Interrupted', finished_at = now(),
            error_message = 'the process ended before the task did; the next run continued from the watermark'
        where id in (select id from running where pg_try_advisory_xact_lock(hashtextextended('task ' || id, 0)))
        returning *
    )
    {ADD_ENDED}
"""
_START = """
    insert into ops.sync_tasks (id, shop_id, stream, mode, window_start, window_end, status, run_id)
    values (%s, %s, %s, %s, %s, %s, 'running', %s)
"""
_COUNTED = """
    calls = %(calls)s, retries = %(retries)s, rows_read = %(rows_read)s, rows_inserted = %(rows_inserted)s,
    rows_updated = %(rows_updated)s, rows_unchanged = %(rows_unchanged)s, rows_dead_lettered = %(rows_dead_lettered)s,
    rows_not_ready = %(rows_not_ready)s
"""
_TELL = f"update ops.sync_tasks set {_COUNTED} where id = %(id)s"
_FINISH = f"""
    with ended as (
        update ops.sync_tasks set {_COUNTED}, status = %(status)s, finished_at = clock_timestamp(),
            skipped = %(skipped)s, warning = %(warning)s, error_class = %(error_class)s,
            error_message = %(error_message)s
        where id = %(id)s
        returning *
    ),
    shop as (
        update ops.shops as s set last_sync_at = now() from ended where s.id = ended.shop_id and status = 'completed'
    )
    {ADD_ENDED}
"""
_NOTE = f"""
    with ended as (
        insert into ops.sync_tasks (id, shop_id, stream, mode, window_start, window_end, status, run_id, started_at,
            finished_at, calls, retries, skipped, error_class, error_message)
        select gen_random_uuid(), %(shop_id)s, stream, %(mode)s, %(window_start)s, %(window_end)s, %(status)s,
            %(run_id)s, clock_timestamp() - %(seconds)s * interval '1 second', clock_timestamp(), %(calls)s,
            %(retries)s, %(skipped)s, %(error_class)s, %(error_message)s
        from unnest(%(streams)s::text[]) as stream
        returning *
    )
    {ADD_ENDED}
"""


async def start_task(
    conn: AsyncConnection, *, shop_id: int, stream: str, mode: str, window: Window | None, run_id: str
) -> UUID:
    """A new running task; call it while holding the writer's lock, on a connection in autocommit that stays open until
    the task is finished on it. Older running ones of dead processes are closed."""
    await conn.execute(_INTERRUPT, [shop_id, stream])
    task_id = uuid4()
    start, end = window and window.start, window and window.end
    await conn.execute(_HOLD, [str(task_id)])
    await conn.execute(_START, [task_id, shop_id, stream, mode, start, end, run_id])
    return task_id


async def tell_counts(conn: AsyncConnection, task_id: UUID, counts: Mapping[str, int]) -> None:
    """What a running task has done so far (names in `COUNTS`), for those who watch it."""
    await conn.execute(_TELL, {**dict.fromkeys(COUNTS, 0), **counts, "id": task_id})


async def finish_task(
    conn: AsyncConnection,
    task_id: UUID,
    counts: Mapping[str, int],
    *,
    calls: Sequence[CallCount] = (),
    error: BaseException | None = None,
    skipped: str | None = None,
    warning: str | None = None,
) -> None:
    """Close the task with its counts (names in `COUNTS`); an error makes it a failed one, success dates its shop.

    `calls` are what its shop's calls were like, `skipped` says what the shop's token may not call, `warning` what is
    odd about a success.
    """
    values = {**dict.fromkeys(COUNTS, 0), **counts, **_end(error), "skipped": skipped, "warning": warning}
    async with conn.transaction():
        row = await (await conn.execute(_FINISH, {**values, "id": task_id})).fetchone()
        if row:
            await add_calls(conn, row[0], calls)
    await conn.execute(_LET_GO, [str(task_id)])


async def note_tasks(
    conn: AsyncConnection,
    *,
    shop_id: int,
    streams: Sequence[str],
    mode: str,
    window: Window | None,
    run_id: str,
    error: BaseException | None = None,
    seconds: float = 0.0,
    calls: int = 0,
    retries: int = 0,
    skipped: str | None = None,
) -> None:
    """Rows of tasks that wrote nothing, when they are over: streams that could not begin, days that were only counted.

    They took `seconds` until now; `skipped` says what the shop's token may not call. No lock is needed: no other task's
    row is touched.
    """
    start, end = window and window.start, window and window.end
    about = {"shop_id": shop_id, "streams": list(streams), "mode": mode, "run_id": run_id, "seconds": seconds}
    read = {"window_start": start, "window_end": end, "calls": calls, "retries": retries, "skipped": skipped}
    await conn.execute(_NOTE, {**about, **read, **_end(error)})


def _end(error: BaseException | None) -> dict[str, str | None]:
    return {
        "status": "failed" if error else "completed",
        "error_class": type(error).__name__ if error else None,
        "error_message": str(error) if error else None,
    }


async def rows_read_lately(conn: AsyncConnection, *, shop_id: int, stream: str, tasks: int = 24) -> int:
    """The most rows that one of the shop's last `tasks` completed live readings of the stream brought."""
    query = """
        select coalesce(max(rows_read), 0) from (
            select rows_read from ops.sync_tasks
            where (shop_id, stream, mode, status) = (%s, %s, 'live', 'completed')
            order by started_at desc limit %s
        ) lately
    """
    row = await (await conn.execute(query, [shop_id, stream, tasks])).fetchone()
    return int(row[0]) if row else 0
