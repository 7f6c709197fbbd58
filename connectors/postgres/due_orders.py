"""Orders whose next deadline is near: which of them should be looked at again now, without waiting for a change.

Belongs here: that question. An order to be shipped within a day is due every few minutes; one on its way is due once,
an hour before its promised delivery. When an order was last looked at is known from `ops.sync_logs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection

SHIP_SOON = timedelta(hours=24)
SHIP_AGAIN = timedelta(minutes=8)
BEFORE_DELIVERY = timedelta(hours=1)
GIVE_UP = timedelta(days=7)
"""An order whose deadline passed this long ago is no news any more: its own update will bring it."""

_DUE = """
    with deadlines as (
        select s.temu_shop_id, o.shop_id, o.parent_order_sn, o.loaded_at,
            case when o.status in (2, 41) then (o.payload #>> '{parentOrderMap,expectShipLatestTime}') end as ship_by,
            case when o.status in (4, 51) then (o.payload #>> '{parentOrderMap,latestDeliveryTime}') end as deliver_by
        from raw_temu.orders o join ops.shops s on s.id = o.shop_id
        where s.is_active and o.status in (2, 41, 4, 51) and o.source_updated_at > %(now)s - interval '60 days'
    ), instants as (
        select *, case when ship_by ~ '^[0-9]{9,10}$' then to_timestamp(ship_by::bigint) end as ship_at,
            case when deliver_by ~ '^[0-9]{9,10}$' then to_timestamp(deliver_by::bigint) end as deliver_at
        from deadlines
    ), due as (
        select *,
            case when ship_at is not null then %(now)s - %(again)s else deliver_at - %(before)s end as unless_since
        from instants
        where ship_at between %(now)s - %(give_up)s and %(now)s + %(soon)s
            or deliver_at - %(before)s between %(now)s - %(give_up)s and %(now)s
    )
    select temu_shop_id, parent_order_sn from due
    where loaded_at < unless_since and not exists (
        select from ops.sync_logs l
        where (l.shop_id, l.item_key, l.stream) = (due.shop_id, due.parent_order_sn, 'orders')
            and l.logged_at >= due.unless_since
    )
    order by coalesce(ship_at, deliver_at), parent_order_sn
    limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order to look at, and its shop (mall id)."""

    temu_shop_id: int
    parent_order_sn: str


def due_orders(conn: Connection, *, now: datetime, limit: int) -> list[DueOrder]:
    """The most urgent ones first. `now` is aware; `limit` keeps one visit within a few minutes of the quota."""
    spans = {"again": SHIP_AGAIN, "before": BEFORE_DELIVERY, "give_up": GIVE_UP, "soon": SHIP_SOON}
    values = {"now": now, "limit": limit, **spans}
    return [DueOrder(*row) for row in conn.execute(_DUE, values).fetchall()]
