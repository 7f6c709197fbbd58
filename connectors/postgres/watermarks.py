"""How far each shop's stream has been stored.

Belongs here: reading and moving `ops.watermarks`. A watermark moves only in the transaction that stores what it stands
for, only forward, and only to an update time that was stored – never to "now".
"""

from __future__ import annotations

from datetime import datetime

from psycopg import AsyncConnection


async def read_watermark(conn: AsyncConnection, shop_id: int, stream: str) -> datetime | None:
    """The greatest update time (UTC) up to which everything is stored; None before the first load."""
    cursor = await conn.execute(
        "select watermark from ops.watermarks where shop_id = %s and stream = %s", [shop_id, stream]
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def advance_watermark(conn: AsyncConnection, shop_id: int, stream: str, to: datetime, *, run_id: str) -> None:
    """Move it to `to` in the caller's transaction, unless it stands there or further already."""
    await conn.execute(
        """
        insert into ops.watermarks as w (shop_id, stream, watermark, run_id) values (%s, %s, %s, %s)
        on conflict (shop_id, stream) do update
            set watermark = excluded.watermark, run_id = excluded.run_id, updated_at = now()
            where w.watermark < excluded.watermark
        """,
        [shop_id, stream, to, run_id],
    )
