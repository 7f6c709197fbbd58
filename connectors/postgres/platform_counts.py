"""How many records a business day has: what the platform said, what has landed, what was set aside.

Belongs here: `ops.platform_counts` and the counts of raw rows and open letters by the day on which a record came into
being: an order was placed, an after-sales case opened. A day is one of Asia/Shanghai (rule T2); a record without a time
has no day and is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from psycopg import AsyncConnection

from connectors.completeness.days import BUSINESS_ZONE, window_of_business_day, window_of_business_days


@dataclass(frozen=True, slots=True)
class Countable:
    """How a stream's raw table is counted: its number, its clock, and the words of a payload that tell the clock."""

    key: str
    clock: str
    words: str


COUNTABLE: Mapping[str, Countable] = MappingProxyType(
    {
        "orders": Countable("parent_order_sn", "order_time", "parentOrderTime|order_time"),
        "after_sales": Countable("parent_after_sales_sn", "created_at", "createAt"),
    }
)
"""By stream."""

_STORE = """
    insert into ops.platform_counts (shop_id, stream, day, reported, counted_at, run_id)
    values (%s, %s, %s, %s, %s, %s)
    on conflict (shop_id, stream, day) do update set
        reported = excluded.reported, counted_at = excluded.counted_at, run_id = excluded.run_id
"""


def set_aside_query(stream: str) -> str:
    """SQL: open letters of a stream per shop and day, for `shops` (null: all) and records from `start` to `end`.

    A letter's day is read out of its text, which need not be JSON; one whose record has landed since says nothing.
    """
    one = COUNTABLE[stream]
    return f"""
        select shop_id, (to_timestamp(told::bigint) at time zone %(zone)s)::date as day,
            count(distinct coalesce(record_key, id::text))::int as set_aside
        from ops.dead_letters l, substring(payload from '"(?:{one.words})"\\s*:\\s*"?(\\d{{10}})(?!\\d)') as told
        where stream = '{stream}' and resolved_at is null and told is not null
            and (%(shops)s::bigint[] is null or shop_id = any(%(shops)s))
            and to_timestamp(told::bigint) >= %(start)s and to_timestamp(told::bigint) < %(end)s
            and not exists (
                select from raw_temu.{stream} r where (r.shop_id, r.{one.key}) = (l.shop_id, l.record_key)
            )
        group by 1, 2
    """


async def store_reported(
    conn: AsyncConnection, *, shop_id: int, stream: str, counts: Mapping[date, int], at: datetime, run_id: str
) -> None:
    """Keep the platform's answers of `at`; a newer answer replaces an older one."""
    async with conn.cursor() as cursor:
        await cursor.executemany(_STORE, [(shop_id, stream, day, count, at, run_id) for day, count in counts.items()])


async def landed_by_day(
    conn: AsyncConnection, *, shop_id: int, stream: str, first: date, last: date
) -> dict[date, int]:
    """Rows in raw by day; a day without any is absent."""
    one, window = COUNTABLE[stream], window_of_business_days(first, last)
    cursor = await conn.execute(
        f"""
        select ({one.clock} at time zone %s)::date, count(*)::int from raw_temu.{stream}
        where shop_id = %s and {one.clock} >= %s and {one.clock} < %s
        group by 1
        """,
        [BUSINESS_ZONE, shop_id, window.start, window.end],
    )
    return dict(await cursor.fetchall())


async def set_aside_by_day(
    conn: AsyncConnection, *, shop_id: int, stream: str, first: date, last: date
) -> dict[date, int]:
    """Records of a day that wait as open dead letters and have not landed."""
    window = window_of_business_days(first, last)
    wanted = {"zone": BUSINESS_ZONE, "shops": [shop_id], "start": window.start, "end": window.end}
    cursor = await conn.execute(set_aside_query(stream), wanted)
    return {day: count for _, day, count in await cursor.fetchall()}


async def landed_by_run(
    conn: AsyncConnection, *, shop_id: int, stream: str, day: date, run_id: str
) -> dict[str, str | None]:
    """Records of a day that a run inserted or changed: their number → that of their parent order."""
    one, window = COUNTABLE[stream], window_of_business_day(day)
    cursor = await conn.execute(
        f"""
        select {one.key}, parent_order_sn from raw_temu.{stream}
        where shop_id = %s and run_id = %s and {one.clock} >= %s and {one.clock} < %s
        order by 1
        """,
        [shop_id, run_id, window.start, window.end],
    )
    return dict(await cursor.fetchall())
