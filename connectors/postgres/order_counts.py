"""How many parent orders a business day has: what the platform said, and what has landed.

Belongs here: `ops.platform_order_counts` and the counts of raw orders and open letters by day of the order. A day is
one of Asia/Shanghai (rule T2); an order without a time has no day and is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from psycopg import AsyncConnection

from connectors.completeness.days import BUSINESS_ZONE, window_of_business_day, window_of_business_days

_STORE = """
    insert into ops.platform_order_counts (shop_id, order_date, reported_orders, counted_at, run_id)
    values (%s, %s, %s, %s, %s)
    on conflict (shop_id, order_date) do update set
        reported_orders = excluded.reported_orders, counted_at = excluded.counted_at, run_id = excluded.run_id
"""
_LANDED = """
    select (order_time at time zone %s)::date, count(*)::int from raw_temu.orders
    where shop_id = %s and order_time >= %s and order_time < %s
    group by 1
"""
# A letter's day is read out of its text, which need not be JSON; one whose order has landed since says nothing.
ORDERS_SET_ASIDE = """
    select shop_id, (to_timestamp(placed::bigint) at time zone %(zone)s)::date as day,
        count(distinct coalesce(record_key, id::text))::int as set_aside
    from ops.dead_letters l,
        substring(payload from '"(?:parentOrderTime|order_time)"\\s*:\\s*"?(\\d{10})(?!\\d)') as placed
    where stream = 'orders' and resolved_at is null and placed is not null
        and (%(shops)s::bigint[] is null or shop_id = any(%(shops)s))
        and to_timestamp(placed::bigint) >= %(start)s and to_timestamp(placed::bigint) < %(end)s
        and not exists (
            select from raw_temu.orders o where (o.shop_id, o.parent_order_sn) = (l.shop_id, l.record_key)
        )
    group by 1, 2
"""
"""Per shop and day, for `shops` (null: all) and orders placed from `start` to `end`."""
_LANDED_BY_RUN = """
    select parent_order_sn from raw_temu.orders
    where shop_id = %s and run_id = %s and order_time >= %s and order_time < %s
    order by 1
"""


async def store_reported(
    conn: AsyncConnection, *, shop_id: int, counts: Mapping[date, int], at: datetime, run_id: str
) -> None:
    """Keep the platform's answers of `at`; a newer answer replaces an older one."""
    async with conn.cursor() as cursor:
        await cursor.executemany(_STORE, [(shop_id, day, count, at, run_id) for day, count in counts.items()])


async def landed_orders(conn: AsyncConnection, *, shop_id: int, first: date, last: date) -> dict[date, int]:
    """Parent orders in raw by day; a day without any is absent."""
    window = window_of_business_days(first, last)
    cursor = await conn.execute(_LANDED, [BUSINESS_ZONE, shop_id, window.start, window.end])
    return dict(await cursor.fetchall())


async def set_aside_orders(conn: AsyncConnection, *, shop_id: int, first: date, last: date) -> dict[date, int]:
    """Orders of a day that wait as open dead letters and have not landed."""
    window = window_of_business_days(first, last)
    wanted = {"zone": BUSINESS_ZONE, "shops": [shop_id], "start": window.start, "end": window.end}
    cursor = await conn.execute(ORDERS_SET_ASIDE, wanted)
    return {day: count for _, day, count in await cursor.fetchall()}


async def orders_landed_by(conn: AsyncConnection, *, shop_id: int, day: date, run_id: str) -> list[str]:
    """Orders of a day that a run inserted or changed."""
    window = window_of_business_day(day)
    cursor = await conn.execute(_LANDED_BY_RUN, [shop_id, run_id, window.start, window.end])
    return [sn for (sn,) in await cursor.fetchall()]
