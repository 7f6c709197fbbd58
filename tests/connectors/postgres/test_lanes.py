"""Lanes of a quota on a clock of our own: counted are the slots that Postgres hands out, not seconds that we wait."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from connectors.postgres.lanes import RULES, Lane, reserve
from connectors.postgres.quota import AppQuota

START = datetime(2030, 1, 1, tzinfo=UTC)
"""Ahead of the real clock, so that the row's own time does not matter."""
NAMES = itertools.count()
PER_SECOND = 20
SPACING = 1 / PER_SECOND


@pytest_asyncio.fixture
async def conn(module_database_url: str) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(module_database_url, autocommit=True) as opened:
        yield opened


@dataclass
class Caller:
    """A shop in a lane with `in_flight` calls at once, each answered after `latency` seconds, and no end of work."""

    lane: Lane
    shop: int
    in_flight: int = 8
    latency: float = 0.2
    pause: float = 0.0
    wakes: float = 0.0
    waiting: int = 0
    returns: list[float] = field(default_factory=list)
    slots: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    since: float | None = None

    def __post_init__(self) -> None:
        self.returns = [self.wakes] * self.in_flight

    async def wake(self, conn: AsyncConnection, app_key: str) -> None:
        """Ask for what is wanted now, as `AppQuota` does."""
        now = self.wakes
        back = [one for one in self.returns if one <= now]
        self.returns = [one for one in self.returns if one > now]
        self.waiting += len(back)
        self.since = now if self.since is None else self.since
        at = START + timedelta(seconds=now)
        found = await reserve(conn, app_key, self.lane, self.shop, min(self.waiting, 32), at=at)
        granted = [now + wait for wait in found.waits]
        self.slots += granted
        self.waits += [slot - self.since for slot in granted]
        self.since = now if self.waiting > len(granted) and not granted else None
        self.waiting -= len(granted)
        self.returns += [slot + self.latency + self.pause for slot in granted]
        self.wakes = now + found.ask_again if self.waiting else min(self.returns)


async def _new_key(conn: AsyncConnection, per_second: int = PER_SECOND) -> str:
    app_key = f"lanes-{next(NAMES)}"
    await conn.execute(
        "insert into ops.app_quota (app_key, calls_per_second, next_slot_at) values (%s, %s, %s)",
        [app_key, per_second, START],
    )
    return app_key


async def simulate(
    conn: AsyncConnection, callers: Sequence[Caller], seconds: float, per_second: int = PER_SECOND
) -> str:
    """Let them call for so long; each caller keeps its slots. Returns the app key."""
    app_key = await _new_key(conn, per_second)
    while (caller := min(callers, key=lambda one: one.wakes)).wakes < seconds:
        await caller.wake(conn, app_key)
    for caller in callers:
        caller.slots = [slot for slot in caller.slots if slot < seconds]
    return app_key


def _share(callers: Sequence[Caller], seconds: float, per_second: int = PER_SECOND) -> float:
    return sum(len(one.slots) for one in callers) / (seconds * per_second)


@pytest.mark.parametrize("lane", Lane)
async def test_a_backlog_in_any_lane_uses_the_whole_quota(conn: AsyncConnection, lane: Lane) -> None:
    callers = [Caller(lane, 1), Caller(lane, 2)]
    await simulate(conn, callers, 20)
    assert _share(callers, 20) >= 0.99


async def test_a_fast_quota_is_used_as_well_as_a_slow_one(conn: AsyncConnection) -> None:
    callers = [Caller(Lane.BACKFILL, shop, in_flight=32, latency=0.1) for shop in (1, 2)]
    await simulate(conn, callers, 4, per_second=200)
    assert _share(callers, 4, per_second=200) >= 0.95


async def test_a_live_call_waits_a_quarter_of_a_second_at_most_behind_any_backfill(conn: AsyncConnection) -> None:
    backfill = [Caller(Lane.BACKFILL, shop, in_flight=16) for shop in range(4)]
    live = Caller(Lane.LIVE, 99, in_flight=1, pause=0.7, wakes=0.33)
    await simulate(conn, [*backfill, live], 20)
    assert len(live.slots) >= 15
    assert max(live.waits) <= RULES[Lane.BACKFILL].horizon + SPACING + 1e-5
    assert _share([*backfill, live], 20) >= 0.95


async def test_a_saturated_live_lane_leaves_the_others_their_share_and_no_more(conn: AsyncConnection) -> None:
    live = [Caller(Lane.LIVE, shop) for shop in range(4)]
    others = {lane: [Caller(lane, shop) for shop in range(2)] for lane in Lane if lane is not Lane.LIVE}
    everybody = [*live, *itertools.chain(*others.values())]
    await simulate(conn, everybody, 40)
    assert _share(live, 40) >= 0.78
    for lane, callers in others.items():
        assert RULES[lane].share * 0.8 <= _share(callers, 40) <= RULES[lane].share * 1.1 + 0.005
    assert _share(everybody, 40) >= 0.99


@pytest.mark.parametrize(("first", "second"), list(itertools.pairwise(Lane)))
async def test_each_lane_goes_before_the_next_one_and_leaves_it_its_share(
    conn: AsyncConnection, first: Lane, second: Lane
) -> None:
    urgent, other = Caller(first, 1, in_flight=32), Caller(second, 2, in_flight=16)
    await simulate(conn, [urgent, other], 20)
    share = RULES[second].share
    assert _share([urgent], 20) >= 1 - share * 1.1 - 0.05
    assert share * 0.8 <= _share([other], 20) <= share * 1.1 + 0.005


@pytest.mark.parametrize("lane", Lane)
async def test_shops_of_a_lane_share_evenly_however_many_calls_each_has_in_flight(
    conn: AsyncConnection, lane: Lane
) -> None:
    callers = [Caller(lane, 1, in_flight=32), Caller(lane, 2, in_flight=20, wakes=0.01)]
    await simulate(conn, callers, 30)
    one, two = (len(caller.slots) for caller in callers)
    assert abs(one - two) <= 2 * RULES[lane].horizon * PER_SECOND
    assert _share(callers, 30) >= 0.95


async def test_a_shop_that_comes_late_gets_its_half_from_then_on_but_nothing_back(conn: AsyncConnection) -> None:
    early, late = Caller(Lane.BACKFILL, 1, in_flight=16), Caller(Lane.BACKFILL, 2, in_flight=16, wakes=15.0)
    await simulate(conn, [early, late], 30)
    after = sum(slot >= 15.5 for slot in early.slots)
    assert abs(after - len(late.slots)) <= 20


async def test_a_shop_whose_process_died_holds_up_the_others_for_a_moment_only(conn: AsyncConnection) -> None:
    callers = [Caller(Lane.BACKFILL, shop, in_flight=16) for shop in (1, 2)]
    app_key = await simulate(conn, callers, 5)
    alive, before = callers[0], len(callers[0].slots)
    while alive.wakes < 15:
        await alive.wake(conn, app_key)
    assert len(alive.slots) - before >= (10 - 1.5) * PER_SECOND


async def test_a_penalty_is_not_followed_by_a_crowd_of_backfill_calls(conn: AsyncConnection) -> None:
    app_key = await _new_key(conn)
    later = START + timedelta(seconds=20)
    await conn.execute("update ops.app_quota set next_slot_at = %s where app_key = %s", [later, app_key])
    caller = Caller(Lane.BACKFILL, 1)
    while caller.wakes < 19.9:
        await caller.wake(conn, app_key)
    live = await reserve(conn, app_key, Lane.LIVE, 2, 1, at=START + timedelta(seconds=19.9))
    assert 0.1 <= live.waits[0] <= 0.1 + RULES[Lane.BACKFILL].horizon + SPACING * 2


ASK = st.tuples(st.sampled_from(list(Lane)), st.integers(1, 3), st.integers(1, 40), st.floats(0, 2))


@given(asks=st.lists(ASK, max_size=25), per_second=st.sampled_from([1, 3, 20, 200]))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_two_calls_ever_come_closer_than_the_quota_allows(
    conn: AsyncConnection, asks: list[tuple[Lane, int, int, float]], per_second: int
) -> None:
    app_key, now, slots = await _new_key(conn, per_second), 0.0, list[float]()
    for lane, shop, wanted, pause in asks:
        now += pause
        found = await reserve(conn, app_key, lane, shop, wanted, at=START + timedelta(seconds=now))
        assert len(found.waits) <= wanted
        assert all(wait >= -1e-5 for wait in found.waits)
        assert found.ask_again > 0
        slots += [now + wait for wait in found.waits]
    assert all(after - before >= 1 / per_second - 1e-5 for before, after in itertools.pairwise(slots))


async def test_four_connections_at_once_never_get_the_same_slot(
    module_database_url: str, conn: AsyncConnection
) -> None:
    app_key = await _new_key(conn, 1000)
    others = [await AsyncConnection.connect(module_database_url, autocommit=True) for _ in range(4)]

    async def ask(one: AsyncConnection, shop: int) -> list[float]:
        found = [await reserve(one, app_key, Lane.LIVE, shop, 5, at=START) for _ in range(10)]
        return [wait for reservation in found for wait in reservation.waits]

    slots = sorted(itertools.chain(*await asyncio.gather(*(ask(one, n) for n, one in enumerate(others)))))
    for one in others:
        await one.close()
    assert [round(slot * 1000) for slot in slots] == list(range(200))


async def test_who_waits_behind_its_horizon_is_served_without_asking_again_himself(conn: AsyncConnection) -> None:
    app_key = await _new_key(conn)
    await conn.execute(
        "update ops.app_quota set next_slot_at = now(), calls_per_second = 100 where app_key = %s", [app_key]
    )
    quota = AppQuota(conn, app_key, Lane.BACKFILL, 1)
    await asyncio.gather(*(quota.acquire() for _ in range(60)))
    claims = await (await conn.execute("select claims from ops.app_quota where app_key = %s", [app_key])).fetchone()
    assert claims is not None
    assert claims[0]["backfill:1"][0] == 60


@pytest.mark.parametrize("end", [SystemError("the server went away"), asyncio.CancelledError()])
async def test_whatever_ends_the_asking_nobody_waits_for_ever(end: BaseException) -> None:
    class Ending:
        async def execute(self, *_: object) -> None:
            raise end

    quota = AppQuota(Ending(), "key")  # type: ignore[arg-type]
    outcomes = await asyncio.wait_for(
        asyncio.gather(quota.acquire(), quota.acquire(), return_exceptions=True), timeout=5
    )
    assert [type(one) for one in outcomes] == [type(end)] * 2
