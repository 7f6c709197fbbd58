"""Who goes first when an app key's quota is short: four lanes, and the shops within a lane in turn.

Belongs here: the lanes, and the one statement that reserves slots. Waiting for them is `quota`.
A lane may reserve slots only so far ahead as its horizon: a lane with a longer one keeps the queue beyond the reach of
all below it while it has work, and finds no more than their short queue before it when it comes. A lane that got
nothing for long enough takes one slot all the same, so that it ends. Within a lane a shop may be ahead of the one that
got least, and waits, by its part of the horizon only. All this is one row, so one statement decides for all processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg import AsyncConnection


class Lane(StrEnum):
    """What a call is for, the most urgent first."""

    LIVE = "live"
    SHIP_BY = "ship_by"
    RECONCILE = "reconcile"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class LaneRules:
    """How far ahead a lane reserves, in seconds, and the share of the quota that nobody can take from it.

    It asks again when `refill` seconds of its horizon are free. Its queue then still reaches beyond the horizon of the
    lane below, and is never empty for want of a round trip.
    """

    horizon: float
    share: float = 0.0
    refill: float = 0.15


RULES = {
    Lane.LIVE: LaneRules(1.0),
    Lane.SHIP_BY: LaneRules(0.75, 0.10),
    Lane.RECONCILE: LaneRules(0.5, 0.05),
    Lane.BACKFILL: LaneRules(0.25, 0.05),
}
MOST_SLOTS = 32
"""Slots reserved in one round trip at most."""
SHORTEST_WAIT = 0.02
"""Seconds between two questions of the same shop at least, when it was told to wait."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Seconds from now until each slot granted, and until it is worth asking for the others."""

    waits: list[float]
    ask_again: float


# The row is locked first: whoever waited for it computes from what the other left. (An UPDATE alone would not do: with
# several columns set from one subquery, Postgres keeps what was computed before the wait.)
# A claim that is not renewed within a second after its queue ran out belongs to a process that died.
RESERVE = """
with quota as materialized (
    select * from ops.app_quota where app_key = %(app_key)s for update
),
stamped as (
    select quota.*, coalesce(%(at)s::timestamptz, clock_timestamp()) as at from quota
),
moment as (
    select
        stamped.*, extract(epoch from at)::float8 as epoch,
        interval '1 second' / calls_per_second as spacing,
        extract(epoch from interval '1 second' / calls_per_second)::float8 as every,
        greatest(next_slot_at, at) as start,
        extract(epoch from greatest(next_slot_at, at) - at)::float8 as ahead
    from stamped
),
rivals as (
    select min((value ->> 0)::float8) as least, count(*) as waiting
    from moment, lateral jsonb_each(claims)
    where split_part(key, ':', 1) = %(lane)s and key <> %(claim)s and (value ->> 1)::float8 > epoch
),
claim as (
    select
        moment.*, rivals.*,
        floor((%(horizon)s - ahead) / every) + 1 as room,
        case
            when coalesce((claims -> %(claim)s ->> 1)::float8 > epoch, false)
                then (claims -> %(claim)s ->> 0)::float8
            else greatest((claims -> %(claim)s ->> 0)::float8, least, 0)
        end as served,
        %(share)s > 0 and ahead <= %(farthest)s + every
            and epoch >= coalesce((lane_served ->> %(lane)s)::float8, 0) + every / nullif(%(share)s, 0) as is_due
    from moment cross join rivals
),
reserved as (
    select
        claim.*,
        greatest(0, least(
            %(slots)s,
            greatest(room, is_due::integer),
            least + greatest(1, least(%(most)s, ceil(%(horizon)s / every / (waiting + 1)))) - served
        ))::integer as slots
    from claim
)
update ops.app_quota as target
set next_slot_at = start + slots * spacing,
    lane_served = reserved.lane_served
        || case when slots > 0 then jsonb_build_object(%(lane)s::text, epoch) else '{}' end,
    lane_slots = reserved.lane_slots || jsonb_build_object(
        %(lane)s::text, coalesce((reserved.lane_slots ->> %(lane)s)::bigint, 0) + slots
    ),
    claims = (
        select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(reserved.claims)
        where key <> %(claim)s and (value ->> 1)::float8 > epoch - 60
    ) || jsonb_build_object(%(claim)s::text, jsonb_build_array(
        served + slots, case when slots < %(slots)s then epoch + ahead + slots * every + 1 else epoch end
    ))
from reserved
where target.app_key = reserved.app_key
returning
    slots,
    every,
    extract(epoch from target.next_slot_at - coalesce(%(at)s::timestamptz, clock_timestamp()))::float8,
    epoch - coalesce((target.lane_served ->> %(lane)s)::float8, 0)
"""


async def reserve(
    conn: AsyncConnection, app_key: str, lane: Lane, shop_id: int, slots: int, *, at: datetime | None = None
) -> Reservation:
    """Reserve up to `slots` slots for a shop; LookupError if the app key has no row. `at` None = the database's now."""
    rules = RULES[lane]
    cursor = await conn.execute(
        RESERVE,
        {
            "app_key": app_key,
            "lane": lane.value,
            "claim": f"{lane.value}:{shop_id}",
            "horizon": rules.horizon,
            "share": rules.share,
            "farthest": RULES[Lane.LIVE].horizon,
            "slots": slots,
            "most": MOST_SLOTS,
            "at": at,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"the quota of app key {app_key} vanished from ops.app_quota")
    granted, spacing, ahead, unserved = row
    waits = [ahead - spacing * (granted - index) for index in range(granted)]
    return Reservation(waits, _ask_again(rules, spacing, ahead, unserved))


def _ask_again(rules: LaneRules, spacing: float, ahead: float, unserved: float) -> float:
    """Seconds until the queue has room for this lane again, or until it is due all the same."""
    refilled = ahead - (rules.horizon - rules.refill)
    if rules.share:
        due = max(spacing / rules.share - unserved, ahead - RULES[Lane.LIVE].horizon - spacing)
        refilled = min(refilled, due)
    return max(refilled, SHORTEST_WAIT)
