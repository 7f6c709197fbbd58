"""Measured lateness and usual traffic of a stream, by the update times of its rows.

Belongs here: `ops.lateness`, and counting what the same hours of earlier weeks brought. Only for streams whose records
carry an update time of the source.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from connectors.completeness.lateness import BUCKETS, HORIZON
from connectors.completeness.silence import WEEKS
from connectors.records import Window

REMEMBERED = timedelta(days=30)
"""How long a measurement counts: habits of the platform change."""

_MEASURE = """
    insert into ops.lateness as l (shop_id, stream, landed_on, late_seconds, arrived)
    select %(shop)s, %(stream)s, (now() at time zone 'UTC')::date,
        (select min(bound) from unnest(%(buckets)s::int[]) as bound where bound >= seconds), count(*)
    from (
        select greatest(extract(epoch from %(watermark)s - source_updated_at), 0) as seconds from {table}
        where shop_id = %(shop)s and run_id = %(run)s and loaded_at >= %(since)s
            and source_updated_at >= %(watermark)s - %(horizon)s
    ) as arrivals
    group by 4
    on conflict (shop_id, stream, landed_on, late_seconds) do update set arrived = l.arrived + excluded.arrived
"""
_HISTOGRAM = """
    select stream, late_seconds, sum(arrived)::int from ops.lateness
    where shop_id = %s and stream = any(%s) and landed_on > (now() at time zone 'UTC')::date - %s
    group by 1, 2
"""
_USUAL = """
    select (
        select count(*)::int from {table} r where r.shop_id = %(shop)s
            and r.source_updated_at >= %(start)s - week * interval '7 days'
            and r.source_updated_at < %(end)s - week * interval '7 days'
    )
    from generate_series(1, %(weeks)s) as week
    where %(start)s - week * interval '7 days' >=
        (select min(f.source_updated_at) from {table} f where f.shop_id = %(shop)s)
    order by week
"""


async def measure_lateness(
    conn: AsyncConnection, table: str, *, shop_id: int, run_id: str, watermark: datetime, since: datetime
) -> None:
    """Count the rows that a run has landed in `table` since `since` by how long the watermark had passed them."""
    values = {
        "shop": shop_id, "stream": table, "run": run_id, "watermark": watermark, "since": since,
        "buckets": list(BUCKETS), "horizon": HORIZON,
    }  # fmt: skip
    await conn.execute(SQL(_MEASURE).format(table=Identifier("raw_temu", table)), values)


async def histograms(conn: AsyncConnection, *, shop_id: int, streams: list[str]) -> list[dict[int, int]]:
    """Rows by lateness, one histogram per stream that was measured."""
    cursor = await conn.execute(_HISTOGRAM, [shop_id, streams, REMEMBERED.days])
    found: dict[str, dict[int, int]] = {}
    for stream, bucket, arrived in await cursor.fetchall():
        found.setdefault(stream, {})[bucket] = arrived
    return list(found.values())


def all_histograms(conn: psycopg.Connection) -> dict[tuple[int, str], dict[int, int]]:
    """Every shop's and stream's histogram, for people."""
    query = """
        select shop_id, stream, late_seconds, sum(arrived)::int from ops.lateness
        where landed_on > (now() at time zone 'UTC')::date - %s group by 1, 2, 3 order by 1, 2, 3
    """
    found: dict[tuple[int, str], dict[int, int]] = {}
    for shop_id, stream, bucket, arrived in conn.execute(query, [REMEMBERED.days]).fetchall():
        found.setdefault((shop_id, stream), {})[bucket] = arrived
    return found


async def usual_updates(conn: AsyncConnection, table: str, *, shop_id: int, window: Window) -> list[int]:
    """Rows whose last update lies in the same hours of each of the last weeks, as far back as rows reach."""
    values = {"shop": shop_id, "start": window.start, "end": window.end, "weeks": WEEKS}
    cursor = await conn.execute(SQL(_USUAL).format(table=Identifier("raw_temu", table)), values)
    return [count for (count,) in await cursor.fetchall()]
