"""Leaves become visible in their order, or not at all: whatever stops one of them stops those after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection

from connectors.postgres.watermarks import read_watermark
from connectors.records import RawRecord
from connectors.sync.writers import Landing, Writers
from connectors.temu.leaves import Leaf

START = datetime(2026, 1, 1, tzinfo=UTC)
SHOP = 1


def leaf(number: int, table: str = "orders") -> Leaf:
    """One order, updated `number` hours after the start."""
    instant = START + timedelta(hours=number)
    record = RawRecord((f"PO-{number}",), (2, START), instant, b'{"parentOrderMap": {}, "orderList": []}')
    return Leaf({table: [record]}, watermark=instant)


@pytest.fixture
async def writers(database_url: str) -> AsyncIterator[Writers]:
    opened = Writers(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def landing(writers: Writers) -> Landing:
    return Landing(
        writers,
        shop_id=SHOP,
        stream="orders",
        run_id="run",
        moves_watermark=True,
        on_commit=lambda _leaf, _loaded: None,
    )


async def landed(url: str) -> tuple[list[str], datetime | None]:
    """The orders that are stored, and the watermark of their stream."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        found = await (await connection.execute("select parent_order_sn from raw_temu.orders order by 1")).fetchall()
        return [row[0] for row in found], await read_watermark(connection, SHOP, "orders")


async def test_leaves_are_committed_in_their_order_whichever_is_stored_first(
    database_url: str, landing: Landing
) -> None:
    for number in range(1, 6):
        await landing.submit(leaf(number))
    await landing.finish()
    assert await landed(database_url) == ([f"PO-{number}" for number in range(1, 6)], START + timedelta(hours=5))


async def test_a_leaf_is_not_committed_after_one_that_failed_before_it_began(
    database_url: str, writers: Writers, landing: Landing
) -> None:
    first, second = await writers.take(), await writers.take()
    for connection in (first, second):
        writers.give(connection)
    await second.close()  # the next leaf finds its connection lost, at once
    await landing.submit(leaf(1))
    await landing.submit(leaf(2))
    with pytest.raises(psycopg.OperationalError):
        await landing.finish()
    assert await landed(database_url) == ([], None)


async def test_nothing_is_committed_once_a_landing_is_abandoned(database_url: str, landing: Landing) -> None:
    async with await AsyncConnection.connect(database_url) as other:
        await other.execute("lock table raw_temu.orders in exclusive mode")
        await landing.submit(leaf(1))  # waits for the lock
        await landing.submit(leaf(2, table="no_such_table"))
        with pytest.raises(KeyError):
            await landing.finish()
        await landing.abandon()
    await asyncio.sleep(0.2)  # time enough for a commit that should not come
    assert await landed(database_url) == ([], None)
