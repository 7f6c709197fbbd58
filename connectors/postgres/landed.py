"""Questions that the reader of a stream asks about what has landed already.

Belongs here: which orders lack their money or detail, which cases their refund, which activities are over, and which
records would be stored exactly as they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from psycopg import AsyncConnection, AsyncServerCursor
from psycopg.sql import SQL, Composed, Identifier

from connectors.postgres.tables import RAW_TABLES
from connectors.records import Sighting, Window

Wanting = tuple[str, datetime]
"""A parent order number and the update time (UTC) for which its answer is wanted."""


async def orders_wanting(
    conn: AsyncConnection,
    table: str,
    *,
    shop_id: int,
    window: Window,
    statuses: Sequence[int] | None,
    follows_after_sales: bool,
    chunk: int,
) -> AsyncIterator[list[Wanting]]:
    """Orders updated in `window` whose row in `table` is missing or older, oldest first, in chunks.

    With `follows_after_sales` an order also counts as updated when one of its after-sales cases was.
    The list is fixed when the first chunk is asked for and waits in the server, so memory stays flat.
    """
    values = {"shop": shop_id, "start": window.start, "end": window.end, "statuses": list(statuses or ())}
    query = _wanting(table, follows_after_sales, bool(statuses), only=False)
    async with AsyncServerCursor(conn, f"wanting_{table}", withhold=True) as cursor:
        await cursor.execute(query, values)
        while rows := await cursor.fetchmany(chunk):
            yield rows


async def named_orders_wanting(
    conn: AsyncConnection,
    table: str,
    *,
    shop_id: int,
    order_sns: Sequence[str],
    statuses: Sequence[int] | None,
    follows_after_sales: bool,
) -> list[Wanting]:
    """The same question for orders given by number, whenever they were updated."""
    values = {"shop": shop_id, "only": list(order_sns), "statuses": list(statuses or ())}
    cursor = await conn.execute(_wanting(table, follows_after_sales, bool(statuses), only=True), values)
    return await cursor.fetchall()


async def answers_of(conn: AsyncConnection, table: str, *, shop_id: int, sns: Sequence[str]) -> dict[str, datetime]:
    """For which update time each after-sales case in `table` was read."""
    query = SQL(
        "select parent_after_sales_sn, source_updated_at from {} where shop_id = %s and parent_after_sales_sn = any(%s)"
    ).format(Identifier("raw_temu", table))
    cursor = await conn.execute(query, [shop_id, list(sns)])
    return dict(await cursor.fetchall())


async def closed_activities(conn: AsyncConnection, *, shop_id: int, ended: int) -> set[int]:
    """Activities that were stored with status `ended`; their goods were stored in the same transaction."""
    query = "select activity_id from raw_temu.activities where shop_id = %s and payload -> 'activityStatus' = %s::jsonb"
    cursor = await conn.execute(query, [shop_id, str(ended)])
    return {row[0] for row in await cursor.fetchall()}


async def fingerprints(conn: AsyncConnection, table: str, *, shop_id: int, window: Window) -> dict[bytes, Sighting]:
    """The rows of `table` that were updated in `window`, by the fingerprint of their payload."""
    query = SQL(
        "select payload_hash, source_updated_at, {} from {}"
        " where shop_id = %s and source_updated_at >= %s and source_updated_at < %s"
    ).format(SQL(", ").join(map(Identifier, RAW_TABLES[table].key)), Identifier("raw_temu", table))
    cursor = conn.cursor(binary=True)
    await cursor.execute(query, [shop_id, window.start, window.end])
    return {row[0]: Sighting(row[2:], row[1]) for row in await cursor.fetchall()}


_SOURCE = SQL(
    """
    select o.parent_order_sn, {updated_at} as wanted_for
    from {source} left join {answers} a on (a.shop_id, a.parent_order_sn) = (o.shop_id, o.parent_order_sn)
    where o.shop_id = %(shop)s and {chosen} and {in_status}
        and (a.parent_order_sn is null or a.source_updated_at < {updated_at})
    """
)
_CASES = SQL("raw_temu.after_sales c join raw_temu.orders o using (shop_id, parent_order_sn)")


def _wanting(table: str, follows_after_sales: bool, has_statuses: bool, *, only: bool) -> Composed:
    parts = [_part(table, SQL("raw_temu.orders o"), "o", has_statuses, only=only)]
    if follows_after_sales:
        parts.append(_part(table, _CASES, "c", has_statuses, only=only))
    return SQL("select parent_order_sn, max(wanted_for) as wanted_for from ({}) as w group by 1 order by 2, 1").format(
        SQL(" union all ").join(parts)
    )


def _part(table: str, source: SQL, clock: str, has_statuses: bool, *, only: bool) -> Composed:
    updated_at = SQL("{}.source_updated_at").format(SQL(clock))
    in_window = SQL("{0} >= %(start)s and {0} < %(end)s").format(updated_at)
    named = SQL("o.parent_order_sn = any(%(only)s)")
    return _SOURCE.format(
        updated_at=updated_at,
        source=source,
        answers=Identifier("raw_temu", table),
        chosen=named if only else in_window,
        in_status=SQL("o.status = any(%(statuses)s)" if has_statuses else "true"),
    )
