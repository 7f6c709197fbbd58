"""The queue of orders whose next deadline is near: which of them are looked at again now, without waiting for a change.

Belongs here: `ops.due_orders`. An order to be shipped is due from a day before its deadline on, every few minutes; one
on its way is due once, an hour before its promised delivery. Who takes orders holds them for some minutes: if the visit
fails or its process dies, they are due again then, behind those that were not looked at yet.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from psycopg import AsyncConnection

SHIP_SOON = timedelta(hours=24)
AGAIN = timedelta(minutes=8)
BEFORE_DELIVERY = timedelta(hours=1)
GIVE_UP = timedelta(days=7)
"""An order whose deadline passed this long ago is no news any more: its own update will bring it."""
REACH = timedelta(days=60)
"""Nobody ships or delivers an order that has not changed for so long."""

_FORGET = "delete from ops.due_orders where shop_id = %(shop)s and deadline < %(now)s - %(give_up)s"

_FILL = """
    with landed as (  -- an hour of overlap: a transaction that began before the last one may have ended after it
        select parent_order_sn, loaded_at, source_updated_at,
            case when status in (2, 41) then 'ship' when status in (4, 51) then 'deliver' end as kind,
            case when status in (2, 41) then payload #>> '{parentOrderMap,expectShipLatestTime}'
                when status in (4, 51) then payload #>> '{parentOrderMap,latestDeliveryTime}' end as instant
        from raw_temu.orders
        where shop_id = %(shop)s and source_updated_at > %(now)s - %(reach)s and loaded_at > coalesce(
            (select max(landed_at) - interval '1 hour' from ops.due_orders where shop_id = %(shop)s), '-infinity'
        )
    ), waiting as (  -- seconds, or milliseconds from eleven digits on
        select *, case when instant ~ '^[0-9]{9,10}$' then to_timestamp(instant::bigint)
            when instant ~ '^[0-9]{11,13}$' then to_timestamp(instant::bigint / 1000.0) end as deadline
        from landed
    ), done as (
        delete from ops.due_orders q using waiting w
        where q.shop_id = %(shop)s and q.parent_order_sn = w.parent_order_sn and w.deadline is null
    )
    insert into ops.due_orders as q (shop_id, parent_order_sn, kind, deadline, due_at, landed_at)
    select %(shop)s, parent_order_sn, kind, deadline,
        case when kind = 'ship' then deadline - %(soon)s
            when source_updated_at < deadline - %(before)s then deadline - %(before)s end,
        loaded_at
    from waiting where deadline >= %(now)s - %(give_up)s
    on conflict (shop_id, parent_order_sn) do update
    set (kind, deadline, due_at, landed_at) = (excluded.kind, excluded.deadline, excluded.due_at, excluded.landed_at)
    where q.landed_at < excluded.landed_at
"""

_TAKE = """
    update ops.due_orders q set due_at = %(now)s + %(again)s
    from (
        select parent_order_sn from ops.due_orders where shop_id = %(shop)s and due_at <= %(now)s
        order by due_at, parent_order_sn limit %(limit)s for update skip locked
    ) taken
    where q.shop_id = %(shop)s and q.parent_order_sn = taken.parent_order_sn
    returning q.parent_order_sn
"""

_SEEN = """
    update ops.due_orders set due_at = case when kind = 'ship' then greatest(due_at, %(now)s + %(again)s) end
    where shop_id = %(shop)s and parent_order_sn = any(%(seen)s)
        and (kind = 'ship' or due_at <= %(now)s + %(again)s)
"""


async def queue_landed(conn: AsyncConnection, shop_id: int, now: datetime) -> None:
    """Queue the orders of the shop that landed since the last time, and forget what waits for nothing any more.

    `now` is the platform's clock, as deadlines are; when an order landed only says what was queued before.
    """
    spans = {"reach": REACH, "before": BEFORE_DELIVERY, "give_up": GIVE_UP, "soon": SHIP_SOON}
    values = {"shop": shop_id, "now": now, **spans}
    await conn.execute(_FORGET, values)
    await conn.execute(_FILL, values)


async def take_due(conn: AsyncConnection, shop_id: int, now: datetime, *, limit: int) -> list[str]:
    """Numbers of at most `limit` orders of the shop that are due, held for some minutes; longest due first."""
    found = await conn.execute(_TAKE, {"shop": shop_id, "now": now, "again": AGAIN, "limit": limit})
    return sorted(row[0] for row in await found.fetchall())


async def note_seen(conn: AsyncConnection, shop_id: int, now: datetime, seen: Collection[str]) -> None:
    """These orders were looked at: one to be shipped is due again in some minutes, one on its way when it changes."""
    await conn.execute(_SEEN, {"shop": shop_id, "now": now, "again": AGAIN, "seen": sorted(seen)})
