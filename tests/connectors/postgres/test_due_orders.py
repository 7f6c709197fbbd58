"""Which orders are looked at again because a deadline is near, and how often."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from connectors.postgres.due_orders import note_seen, queue_landed, take_due

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Queue:
    """The queue of shop 1, in a transaction that is rolled back."""

    def __init__(self, conn: psycopg.AsyncConnection) -> None:
        self.conn = conn

    async def land(self, sn: str, status: int, *, shop: int = 1, changed: timedelta = -2 * HOUR, **head: object):
        """An order that changed so long ago; `head` are spans from now, or what the platform said literally."""
        said = {
            name: int((NOW + span).timestamp()) if isinstance(span, timedelta) else span for name, span in head.items()
        }
        await self.conn.execute(
            "insert into raw_temu.orders (shop_id, parent_order_sn, status, source_updated_at, payload, payload_hash,"
            " run_id, loaded_at) values (%s, %s, %s, %s, %s, 'h', 'r', clock_timestamp())"
            " on conflict (shop_id, parent_order_sn) do update set status = excluded.status,"
            " payload = excluded.payload, source_updated_at = excluded.source_updated_at,"
            " loaded_at = excluded.loaded_at",
            [shop, sn, status, NOW + changed, json.dumps({"parentOrderMap": said})],
        )

    async def take(self, after: timedelta = timedelta(), *, shop: int = 1, limit: int = 100) -> list[str]:
        """What a visit so long after now is given."""
        await queue_landed(self.conn, shop, NOW + after)
        return await take_due(self.conn, shop, NOW + after, limit=limit)

    async def see(self, *sns: str, after: timedelta = timedelta()) -> None:
        """These were looked at."""
        await note_seen(self.conn, 1, NOW + after, sns)


@pytest.fixture
async def queue(module_database_url) -> AsyncIterator[Queue]:
    """Two shops without orders."""
    async with await psycopg.AsyncConnection.connect(module_database_url) as connection:
        for number in (1, 2):
            await connection.execute(
                "insert into ops.shops (id, temu_shop_id, shop_name, region, gateway, app_key)"
                " values (%s, %s, %s, 'US', 'US', 'k')",
                [number, 600 + number, f"S{number}"],
            )
        yield Queue(connection)
        await connection.rollback()


async def test_orders_to_ship_within_a_day_are_due_those_first_that_are_due_longest(queue):
    await queue.land("PO-late", 2, expectShipLatestTime=-2 * HOUR)
    await queue.land("PO-soon", 2, expectShipLatestTime=20 * HOUR)
    await queue.land("PO-partly", 41, expectShipLatestTime=5 * HOUR)
    await queue.land("PO-later", 2, expectShipLatestTime=30 * HOUR)
    await queue.land("PO-long-ago", 2, expectShipLatestTime=timedelta(days=-9))
    await queue.land("PO-shipped", 4, expectShipLatestTime=5 * HOUR)
    await queue.land("PO-of-another-shop", 2, shop=2, expectShipLatestTime=5 * HOUR)
    assert await queue.take(limit=1) == ["PO-late"]
    assert await queue.take() == ["PO-partly", "PO-soon"]


async def test_an_order_to_ship_is_due_again_after_some_minutes(queue):
    await queue.land("PO-1", 2, expectShipLatestTime=HOUR)
    assert await queue.take() == ["PO-1"]
    assert await queue.take(3 * MINUTE) == []
    assert await queue.take(9 * MINUTE) == ["PO-1"]


async def test_what_somebody_else_has_just_seen_is_not_due(queue):
    await queue.land("PO-1", 2, expectShipLatestTime=HOUR)
    await queue_landed(queue.conn, 1, NOW)
    await queue.see("PO-1")
    assert await queue.take(3 * MINUTE) == []
    assert await queue.take(9 * MINUTE) == ["PO-1"]


async def test_an_order_on_its_way_is_due_once_an_hour_before_its_promise(queue):
    await queue.land("PO-tomorrow", 4, latestDeliveryTime=24 * HOUR)
    await queue.land("PO-now", 4, latestDeliveryTime=HOUR / 2)
    await queue.land("PO-passed", 51, changed=timedelta(days=-3), latestDeliveryTime=-24 * HOUR)
    await queue.land("PO-changed-since", 4, changed=-MINUTE, latestDeliveryTime=HOUR / 2)
    assert await queue.take() == ["PO-now", "PO-passed"]
    await queue.see("PO-now", "PO-passed", after=MINUTE)
    assert await queue.take(20 * MINUTE) == []
    assert await queue.take(23 * HOUR) == ["PO-tomorrow"]


async def test_what_was_taken_and_never_seen_is_due_again_behind_the_others(queue):
    await queue.land("PO-fails", 4, latestDeliveryTime=timedelta())
    assert await queue.take() == ["PO-fails"]
    await queue.land("PO-next", 4, latestDeliveryTime=HOUR)
    assert await queue.take(9 * MINUTE, limit=1) == ["PO-next"]
    assert await queue.take(9 * MINUTE, limit=1) == ["PO-fails"]


async def test_a_backlog_is_visited_whole_before_any_of_it_is_visited_again(queue):
    for number in range(60):
        await queue.land(f"PO-{number:02}", 2, expectShipLatestTime=-HOUR * number / 10)
    seen = [sn for visit in range(3) for sn in await queue.take(visit * 10 * MINUTE, limit=20)]
    assert sorted(seen) == [f"PO-{number:02}" for number in range(60)]


async def test_an_order_that_changed_waits_for_its_new_deadline_or_for_nothing(queue):
    await queue.land("PO-1", 2, expectShipLatestTime=HOUR)
    await queue.land("PO-2", 2, expectShipLatestTime=HOUR)
    assert await queue.take() == ["PO-1", "PO-2"]
    await queue.land("PO-1", 4, latestDeliveryTime=10 * HOUR)
    await queue.land("PO-2", 3)
    assert await queue.take(30 * MINUTE) == []
    assert await queue.take(9 * HOUR) == ["PO-1"]


async def test_deadlines_may_be_milliseconds_and_what_is_no_instant_is_no_deadline(queue):
    await queue.land("PO-ms", 2, expectShipLatestTime=int((NOW + HOUR).timestamp() * 1000))
    await queue.land("PO-word", 2, expectShipLatestTime="soon")
    await queue.land("PO-none", 2)
    assert await queue.take() == ["PO-ms"]
