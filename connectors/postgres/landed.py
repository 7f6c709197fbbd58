"""Questions that the reader of a stream asks about what has landed already.

Belongs here: which cases lack their refund, which activities are over, which records would be stored exactly as they
are, which have stood still for long. What wants an answer of its own: `wanting`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from connectors.postgres.tables import RAW_TABLES
from connectors.records import Sighting, Window


async def answers_of(conn: AsyncConnection, table: str, *, shop_id: int, sns: Sequence[str]) -> dict[str, datetime]:
    """For which update time each after-sales case in `table` was read."""
    query = SQL(
        "select parent_after_sales_sn, source_updated_at from {} where shop_id = %s and parent_after_sales_sn = any(%s)"
    ).format(Identifier("raw_temu", table))
    cursor = await conn.execute(query, [shop_id, list(sns)])
    return dict(await cursor.fetchall())


async def skus_of(conn: AsyncConnection, *, shop_id: int, goods_ids: Sequence[int]) -> dict[int, list[int]]:
    """The landed SKUs of each of the goods; goods that never landed are absent."""
    query = (
        "select goods_id, array_agg(sku_id) from raw_temu.products where shop_id = %s and goods_id = any(%s) group by 1"
    )
    cursor = await conn.execute(query, [shop_id, list(goods_ids)])
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


async def regions(conn: AsyncConnection, *, shop_id: int, since: datetime) -> list[int]:
    """Region ids in the numbers (`PO-<region>-…`) of orders updated since."""
    query = r"""
        select distinct substring(parent_order_sn from '^PO-(\d{1,4})-')::integer as region_id from raw_temu.orders
        where shop_id = %s and source_updated_at >= %s and parent_order_sn ~ '^PO-\d{1,4}-' order by 1
    """
    cursor = await conn.execute(query, [shop_id, since])
    return [row[0] for row in await cursor.fetchall()]


async def seen_before(
    conn: AsyncConnection, table: str, *, shop_id: int, keys: Collection[object], instant: datetime
) -> bool:
    """Whether every one of these records was first seen, as it is stored, before `instant`."""
    [key] = RAW_TABLES[table].key
    query = SQL("select count(*) from {} where shop_id = %s and {} = any(%s) and source_updated_at < %s").format(
        Identifier("raw_temu", table), Identifier(key)
    )
    row = await (await conn.execute(query, [shop_id, list(keys), instant])).fetchone()
    return row is not None and row[0] == len(set(keys))


async def landed_ids(conn: AsyncConnection, source: str, *, shop_id: int) -> list[tuple[int, ...]]:
    """Ids of one kind that the shop has, with the ids above them first; KeyError for a kind that nobody lands."""
    cursor = await conn.execute(_IDS[source], {"shop": shop_id})
    return await cursor.fetchall()


_IDS = {
    "skus": """
        select goods_id, sku_id from raw_temu.products
        where shop_id = %(shop)s and goods_id is not null order by 1, 2
        """,
    "goods": """
        select distinct goods_id from raw_temu.products
        where shop_id = %(shop)s and goods_id is not null order by 1
        """,
    # 10 = nobody has ever advertised it.
    "advertised_goods": """
        select goods_id from raw_temu.ad_details
        where shop_id = %(shop)s and ad_status is distinct from 10
            and snapshot_date = (select max(snapshot_date) from raw_temu.ad_details where shop_id = %(shop)s)
        order by 1
        """,
    # 3 = it has ended.
    "open_activities": """
        select activity_id from raw_temu.activities
        where shop_id = %(shop)s and payload -> 'activityStatus' is distinct from '3'::jsonb order by 1
        """,
    "partner_skcs": "select product_skc_id from raw_temu.partner_goods where shop_id = %(shop)s order by 1",
    "partner_skus": """
        select distinct (sku ->> 'productSkuId')::bigint from raw_temu.partner_goods as g
        cross join jsonb_array_elements(
            case jsonb_typeof(g.payload -> 'productSkuSummaries')
                when 'array' then g.payload -> 'productSkuSummaries' else '[]'
            end
        ) as sku
        where g.shop_id = %(shop)s and sku ->> 'productSkuId' ~ '^[0-9]{1,18}$' order by 1
        """,
}
"""Questions by the name that `connectors.temu.streams` gives to the kind of ids."""
