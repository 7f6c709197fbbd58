"""Single records that a task touched: rows of `ops.sync_logs`, so that who asked for one can see what became of it.

Belongs here: writing them. Only records that somebody named, and those that were set aside: a row for each of the
thousands that a scheduled read finds unchanged would cost more than the read and tell what the counts tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg import AsyncConnection


@dataclass(frozen=True, slots=True)
class TaskItem:
    """One record by its number. `absent`: the shop has no such record."""

    key: str
    status: Literal["ok", "absent", "pending", "failed"]
    message: str | None = None


async def log_items(
    conn: AsyncConnection, task_id: UUID, *, run_id: str, shop_id: int, stream: str, items: Iterable[TaskItem]
) -> None:
    """Write them in the caller's transaction (each at once in autocommit)."""
    insert = """
        insert into ops.sync_logs (task_id, run_id, shop_id, stream, item_key, status, message)
        values (%s, %s, %s, %s, %s, %s, %s)
    """
    rows = [(task_id, run_id, shop_id, stream, item.key, item.status, item.message) for item in items]
    async with conn.cursor() as cursor:
        await cursor.executemany(insert, rows)


async def log_dead_letters(conn: AsyncConnection, task_id: UUID, *, run_id: str, shop_id: int, stream: str) -> None:
    """One failed item for each record that this run has set aside in this stream and no earlier task of it has told."""
    await conn.execute(
        """
        insert into ops.sync_logs (task_id, run_id, shop_id, stream, item_key, status, message)
        select %s, run_id, shop_id, stream, 'dead letter ' || id, 'failed', concat_ws(': ', reason_code, message)
        from ops.dead_letters d
        where run_id = %s and shop_id = %s and stream = %s and not exists (
            select from ops.sync_logs l
            where l.shop_id = d.shop_id and l.item_key = 'dead letter ' || d.id and l.run_id = d.run_id
        )
        """,
        [task_id, run_id, shop_id, stream],
    )
