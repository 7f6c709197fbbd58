"""Watermarks, locks, tasks, dead letters and the quota: small tables on which exactness hangs."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection

from connectors.postgres.dead_letters import DeadLetter, count_open_letters, keep_dead_letters
from connectors.postgres.locks import writer_lock
from connectors.postgres.quota import AppQuota
from connectors.postgres.tasks import finish_task, start_task
from connectors.postgres.watermarks import advance_watermark, read_watermark
from connectors.records import Origin

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def _connect(url: str) -> AsyncConnection:
    return await AsyncConnection.connect(url, autocommit=True)


async def test_a_watermark_moves_only_forward(module_database_url: str) -> None:
    async with await _connect(module_database_url) as conn:
        assert await read_watermark(conn, 1, "orders") is None
        for hours in (0, 2, 1):
            await advance_watermark(conn, 1, "orders", NOON + timedelta(hours=hours), run_id="r")
        assert await read_watermark(conn, 1, "orders") == NOON + timedelta(hours=2)
        assert await read_watermark(conn, 2, "orders") is None


async def test_a_watermark_of_a_rolled_back_leaf_does_not_move(module_database_url: str) -> None:
    async with await _connect(module_database_url) as conn:
        async with conn.transaction(force_rollback=True):
            await advance_watermark(conn, 3, "orders", NOON, run_id="r")
        assert await read_watermark(conn, 3, "orders") is None


async def test_a_second_writer_of_the_same_stream_waits(module_database_url: str) -> None:
    async with await _connect(module_database_url) as one, await _connect(module_database_url) as two:
        told: list[str] = []

        async def second() -> None:
            async with writer_lock(two, 1, "orders"):
                told.append("second")

        async with writer_lock(one, 1, "orders"):
            waiting = asyncio.create_task(second())
            while not await _somebody_waits(one):
                assert not waiting.done()
            told.append("first")
        await waiting
        assert told == ["first", "second"]


async def test_a_lock_is_lent_to_whoever_waits_and_comes_back(
    module_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.postgres.locks.SECONDS_BETWEEN_LOOKS", 0)
    async with await _connect(module_database_url) as one, await _connect(module_database_url) as two:
        told: list[str] = []

        async def second() -> None:
            async with writer_lock(two, 1, "orders"):
                told.append("second")

        async with writer_lock(one, 1, "orders") as lock:
            async with writer_lock(one, 2, "orders") as other:
                waiting = asyncio.create_task(second())
                while not await _somebody_waits(one):
                    assert not waiting.done()
                assert await lock.is_wanted()
                assert not await other.is_wanted(), "nobody waits for the other shop"
            await lock.lend()
            told.append("first again")
            assert not await lock.is_wanted()
        await waiting
        assert told == ["second", "first again"]


async def _somebody_waits(conn: AsyncConnection) -> bool:
    query = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    return (await (await conn.execute(query)).fetchone()) != (0,)


async def test_writers_of_other_streams_and_shops_do_not_wait(module_database_url: str) -> None:
    async with await _connect(module_database_url) as one, await _connect(module_database_url) as two:
        async with asyncio.timeout(5):
            async with writer_lock(one, 1, "orders"), writer_lock(two, 1, "products"):
                pass
            async with writer_lock(one, 1, "orders"), writer_lock(two, 2, "orders"):
                pass


async def test_a_task_that_a_dead_process_left_behind_is_closed(module_database_url: str) -> None:
    async with await _connect(module_database_url) as conn:
        options = {"shop_id": 7, "stream": "orders", "mode": "live", "window": None, "run_id": "r"}
        dead = await start_task(conn, **options)
        alive = await start_task(conn, **options)
        await finish_task(conn, alive, {"calls": 3, "rows_read": 2}, error=ValueError("odd"))
        rows = await (
            await conn.execute(
                "select id, status, calls, error_class, error_message from ops.sync_tasks where shop_id = 7"
            )
        ).fetchall()
    by_id = {row[0]: row[1:] for row in rows}
    assert by_id[dead][:3] == ("failed", 0, "Interrupted")
    assert by_id[alive] == ("failed", 3, "ValueError", "odd")


async def test_the_same_refused_record_is_one_dead_letter_and_opens_again(module_database_url: str) -> None:
    letter = DeadLetter("int_type", "parentOrderMap.updateTime", "should be an integer", b'{"a": 1}')
    async with await _connect(module_database_url) as conn:
        for run in ("r1", "r2"):
            await keep_dead_letters(conn, [letter, letter], shop_id=1, stream="orders", run_id=run)
        await conn.execute("update ops.dead_letters set resolved_at = now(), created_at = now() - interval '30 days'")
        other = DeadLetter("missing", "parentOrderMap", "is required now", b'{"a": 1}', Origin("orders", page=4))
        await keep_dead_letters(conn, [other], shop_id=1, stream="orders", run_id="r3")
        query = "select reason_code, field_path, message, payload, run_id, page, resolved_at from ops.dead_letters"
        rows = await (await conn.execute(query)).fetchall()
        age = await (
            await conn.execute("select now() - created_at < interval '1 day' from ops.dead_letters")
        ).fetchall()
    assert rows == [("missing", "parentOrderMap", "is required now", '{"a": 1}', "r3", 4, None)]
    assert age == [(True,)], "its age is counted from the day on which it came back"


async def test_open_letters_are_counted_by_reason_with_the_age_of_the_oldest(database_url: str) -> None:
    first, second = (DeadLetter("int_type", "at", "should be", payload) for payload in (b'{"a": 1}', b'{"a": 2}'))
    other = DeadLetter("missing", "sku", "is missing", b'{"a": 3}')
    async with await _connect(database_url) as conn:
        await keep_dead_letters(conn, [first, second, other], shop_id=1, stream="orders", run_id="r")
        await keep_dead_letters(conn, [first], shop_id=1, stream="products", run_id="r")
        await conn.execute("update ops.dead_letters set resolved_at = now() where stream = 'products'")
        await conn.execute(
            "update ops.dead_letters set created_at = created_at - interval '2 days' where payload = %s", ['{"a": 1}']
        )
    now = datetime.now(UTC)
    with psycopg.connect(database_url) as connection:
        groups = count_open_letters(connection, kept_before=now - timedelta(days=1))
    told = [(one.shop, one.stream, one.reason_code, one.field_path, one.letters, one.old) for one in groups]
    assert told == [("1", "orders", "int_type", "at", 2, 1), ("1", "orders", "missing", "sku", 1, 0)]
    assert (now - groups[0].oldest_at).days == 2


def _allow(url: str, app_key: str, per_second: float) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("insert into ops.app_quota (app_key, calls_per_second) values (%s, %s)", [app_key, per_second])


async def test_two_processes_together_stay_within_the_quota_of_an_app_key(module_database_url: str) -> None:
    _allow(module_database_url, "key-a", 100)
    async with await _connect(module_database_url) as one, await _connect(module_database_url) as two:
        quotas = [AppQuota(one, "key-a"), AppQuota(two, "key-a")]
        started, times = time.monotonic(), list[float]()

        async def call(quota: AppQuota) -> None:
            await quota.acquire()
            times.append(time.monotonic() - started)

        await asyncio.gather(*(call(quotas[n % 2]) for n in range(30)))
    assert len(times) == 30
    assert max(times) >= 0.28  # 30 slots of 10 ms, the first at once


async def test_a_penalty_holds_for_every_process(module_database_url: str) -> None:
    _allow(module_database_url, "key-b", 1000)
    async with await _connect(module_database_url) as one, await _connect(module_database_url) as two:
        started = time.monotonic()
        await AppQuota(one, "key-b").penalise(0.2)
        await AppQuota(two, "key-b").acquire()
        assert time.monotonic() - started >= 0.19


async def test_an_app_key_without_a_row_gets_the_usual_quota(module_database_url: str) -> None:
    async with await _connect(module_database_url) as conn:
        await AppQuota(conn, "key-c").acquire()
        cursor = await conn.execute("select calls_per_second from ops.app_quota where app_key = 'key-c'")
        assert await cursor.fetchone() == (20,)


async def test_a_lost_database_is_told_to_everybody_who_waits_for_a_slot(module_database_url: str) -> None:
    conn = await _connect(module_database_url)
    quota = AppQuota(conn, "key-d")
    await conn.close()
    results = await asyncio.gather(*(quota.acquire() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, psycopg.OperationalError) for one in results)
