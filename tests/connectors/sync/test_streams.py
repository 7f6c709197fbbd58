"""A long reading of a stream: those who wait for the right to write it, and those who watch its task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection

from connectors.postgres.locks import writer_lock
from connectors.postgres.tasks import finish_task, start_task, tell_counts
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


TASK = "select status, calls, rows_read, rows_inserted, rows_unchanged from ops.sync_tasks where run_id = 'run'"


async def _until(desk, query: str, expected: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """What the query finds, as soon as that is what is expected, or after ten seconds."""
    for _ in range(1000):
        if (found := desk.query(query)) == expected:
            break
        await asyncio.sleep(0.01)
    return found


async def test_the_row_of_a_running_task_counts_what_is_committed(open_desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sync.streams.SECONDS_BETWEEN_COUNTS", 0.01)
    desk = open_desk(only=1)
    [shop] = desk.shops
    seen: list[tuple[object, ...]] = []
    async with open_office(desk.url, desk.settings) as office, office.session(shop) as session:

        async def leaves() -> AsyncGenerator[Leaf, None]:
            for number, counted in ((1, 1), (2, 2), (2, 2)):
                yield _leaf(number)
                expected = ("running", 0, len(seen) + 1, counted, len(seen) + 1 - counted)
                seen.extend(await _until(desk, TASK, [expected]))

        async with writer_lock(session.control, shop.id, "orders") as lock:
            await land_all(Tally(session, "orders", "window", "run"), leaves(), lock)
    assert seen == [("running", 0, 1, 1, 0), ("running", 0, 2, 2, 0), ("running", 0, 3, 2, 1)]
    assert desk.query(TASK) == [("completed", 0, 3, 2, 1)]


async def test_a_task_that_lends_its_stream_is_not_taken_for_dead(open_desk) -> None:
    desk = open_desk(only=1)
    [shop] = desk.shops
    about = {"shop_id": shop.id, "stream": "orders", "mode": "live", "window": None, "run_id": "run"}
    async with (
        await AsyncConnection.connect(desk.url, autocommit=True) as lender,
        await AsyncConnection.connect(desk.url, autocommit=True) as other,
    ):
        lent = await start_task(lender, **about)
        await finish_task(other, await start_task(other, **about), {})
        assert desk.query("select status from ops.sync_tasks order by started_at") == [("running",), ("completed",)]
        await tell_counts(lender, lent, {"rows_read": 7})
        await lender.close()
        await start_task(other, **about)
    query = "select status, rows_read, error_class from ops.sync_tasks order by started_at"
    assert desk.query(query)[0] == ("failed", 7, "Interrupted")
    assert desk.query("select sum(rows_read)::int from ops.task_totals") == [(7,)]
