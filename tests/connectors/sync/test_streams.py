"""A long reading of a stream and those who wait for the right to write it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from connectors.postgres.locks import writer_lock
from connectors.records import RawRecord
from connectors.sync.session import open_office
from connectors.sync.streams import land_all
from connectors.sync.tally import Tally
from connectors.temu.leaves import Leaf

START = datetime(2026, 1, 1, tzinfo=UTC)


def _leaf(number: int) -> Leaf:
    record = RawRecord((f"PO-{number}",), (2, START), START + timedelta(hours=number), b"{}")
    return Leaf({"orders": [record]})


async def test_a_writer_who_waits_goes_before_the_rest_of_a_long_reading(
    open_desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.postgres.locks.SECONDS_BETWEEN_LOOKS", 0)
    desk = open_desk(only=1)
    [shop], stored = desk.shops, "select parent_order_sn from raw_temu.orders order by 1"
    found_by_the_other: list[tuple[str]] = []

    async def other() -> None:
        async with (
            await AsyncConnection.connect(desk.url, autocommit=True) as conn,
            writer_lock(conn, shop.id, "orders"),
        ):
            found_by_the_other.extend(desk.query(stored))

    async with open_office(desk.url, desk.settings) as office, office.session(shop) as session:

        async def leaves() -> AsyncGenerator[Leaf, None]:
            yield _leaf(1)
            waiting = asyncio.create_task(other())
            for _ in range(1000):
                if desk.query("select 1 from pg_locks where locktype = 'advisory' and not granted"):
                    break
                await asyncio.sleep(0.01)
            yield _leaf(2)
            await asyncio.wait_for(waiting, 10)  # it does not wait for the third leaf
            yield _leaf(3)

        async with writer_lock(session.control, shop.id, "orders") as lock:
            await land_all(Tally(session, "orders", "window", "run"), leaves(), lock)
    assert found_by_the_other == [("PO-1",), ("PO-2",)], "what was read before is whole and stored"
    assert desk.query(stored) == [("PO-1",), ("PO-2",), ("PO-3",)]
