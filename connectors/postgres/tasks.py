"""One row of `ops.sync_tasks` per shop, stream and run: what was read, how it ended.

Belongs here: starting and finishing such a row. A row that still says "running" when the next run takes the same shop
and stream belongs to a process that died.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from connectors.records import Window

COUNTS = (
    "calls",
    "rows_read",
    "rows_inserted",
    "rows_updated",
    "rows_unchanged",
    "rows_dead_lettered",
    "rows_not_ready",
)


async def start_task(
    conn: AsyncConnection, *, shop_id: int, stream: str, mode: str, window: Window | None, run_id: str
) -> UUID:
    """A new running task; call it while holding the writer's lock, so that older running ones are known to be dead."""
    await conn.execute(
        """
        update ops.sync_tasks set status = 'failed', error_class = 'Interrupted', finished_at = now(),
            error_message = 'the process ended before the task did; the next run continued from the watermark'
        where shop_id = %s and stream = %s and status = 'running'
        """,
        [shop_id, stream],
    )
    task_id = uuid4()
    await conn.execute(
        """
        insert into ops.sync_tasks (id, shop_id, stream, mode, window_start, window_end, status, run_id)
        values (%s, %s, %s, %s, %s, %s, 'running', %s)
        """,
        [task_id, shop_id, stream, mode, window and window.start, window and window.end, run_id],
    )
    return task_id


async def finish_task(
    conn: AsyncConnection,
    task_id: UUID,
    counts: Mapping[str, int],
    *,
    error: BaseException | None = None,
    skipped: str | None = None,
    warning: str | None = None,
) -> None:
    """Close the task with its counts (names in `COUNTS`); an error makes it a failed one, success dates its shop.

    `skipped` says what the shop's token may not call, `warning` what is odd about a success.
    """
    await conn.execute(
        """
        with task as (
            update ops.sync_tasks set status = %(status)s, finished_at = now(), calls = %(calls)s,
                rows_read = %(rows_read)s, rows_inserted = %(rows_inserted)s, rows_updated = %(rows_updated)s,
                rows_unchanged = %(rows_unchanged)s, rows_dead_lettered = %(rows_dead_lettered)s,
                rows_not_ready = %(rows_not_ready)s, skipped = %(skipped)s, warning = %(warning)s,
                error_class = %(error_class)s, error_message = %(error_message)s
            where id = %(id)s
            returning shop_id, status
        )
        update ops.shops set last_sync_at = now() from task where id = task.shop_id and task.status = 'completed'
        """,
        {
            **dict.fromkeys(COUNTS, 0),
            **counts,
            "id": task_id,
            "skipped": skipped,
            "warning": warning,
            "status": "failed" if error else "completed",
            "error_class": type(error).__name__ if error else None,
            "error_message": str(error) if error else None,
        },
    )
