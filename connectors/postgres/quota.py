"""One quota per app key for all shops, processes and machines: its state is a row of `ops.app_quota`.

Belongs here: handing out slots in time. The row holds when the next call may start; one UPDATE reserves as many slots
as callers wait for (generic cell rate algorithm without bursts). Who is told "too frequent" moves it for everybody.
"""

from __future__ import annotations

import asyncio
from collections import deque

from psycopg import AsyncConnection, Connection

MOST_SLOTS = 32
"""Slots reserved in one round trip at most, so that one busy process cannot starve the others."""

_RESERVE = """
    update ops.app_quota
    set next_slot_at = greatest(next_slot_at, clock_timestamp()) + %(slots)s * (interval '1 second' / calls_per_second)
    where app_key = %(app_key)s
    returning
        extract(epoch from interval '1 second' / calls_per_second)::float8,
        extract(epoch from next_slot_at - clock_timestamp())::float8
"""
_PENALISE = """
    update ops.app_quota
    set next_slot_at = greatest(next_slot_at, clock_timestamp() + %(seconds)s * interval '1 second')
    where app_key = %(app_key)s
"""
_ENSURE = "insert into ops.app_quota (app_key) values (%s) on conflict do nothing"
_SET = """
    insert into ops.app_quota (app_key, calls_per_second) values (%s, %s)
    on conflict (app_key) do update set calls_per_second = excluded.calls_per_second
"""


def set_calls_per_second(conn: Connection, app_key: str, calls_per_second: int) -> None:
    """What the platform allows this app key (API reference §5: 20, raised on request). In the caller's transaction."""
    conn.execute(_SET, [app_key, calls_per_second])


def calls_per_second(conn: Connection, app_key: str) -> float:
    """The rate at which this app key may call; the platform's first grant where nobody has set one (§5)."""
    row = conn.execute("select calls_per_second::float8 from ops.app_quota where app_key = %s", [app_key]).fetchone()
    return float(row[0]) if row else 20.0


class AppQuota:
    """The quota of one app key. `conn` is in autocommit and may be shared by the quotas of a process."""

    def __init__(self, conn: AsyncConnection, app_key: str) -> None:
        self._conn = conn
        self._app_key = app_key
        self._waiting: deque[asyncio.Future[float]] = deque()
        self._server: asyncio.Task[None] | None = None
        self._known = False

    async def acquire(self) -> None:
        """Returns when one call may be sent."""
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._server is None or self._server.done():
            self._server = asyncio.create_task(self._serve())
        seconds = await turn
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def penalise(self, seconds: float) -> None:
        """Nobody of this app key calls for `seconds`."""
        await self._ensure()
        await self._conn.execute(_PENALISE, {"app_key": self._app_key, "seconds": seconds})

    async def _serve(self) -> None:
        """Reserve slots for everybody who waits, until nobody does."""
        while self._waiting:
            count = min(len(self._waiting), MOST_SLOTS)
            turns = [self._waiting.popleft() for _ in range(count)]
            try:
                waits = await self._reserve(count)
            except Exception as error:  # noqa: BLE001 - handed to those who wait for it
                self._tell_all([*turns, *self._waiting], error)
                self._waiting.clear()
                return
            for turn, seconds in zip(turns, waits, strict=True):
                if not turn.done():
                    turn.set_result(seconds)

    async def _reserve(self, slots: int) -> list[float]:
        """Seconds from now until each of the next `slots` slots."""
        await self._ensure()
        cursor = await self._conn.execute(_RESERVE, {"app_key": self._app_key, "slots": slots})
        row = await cursor.fetchone()
        if row is None:
            raise LookupError(f"the quota of app key {self._app_key} vanished from ops.app_quota")
        spacing, after_last = row
        return [after_last - spacing * (slots - index) for index in range(slots)]

    async def _ensure(self) -> None:
        if not self._known:
            await self._conn.execute(_ENSURE, [self._app_key])
            self._known = True

    @staticmethod
    def _tell_all(turns: list[asyncio.Future[float]], error: Exception) -> None:
        for turn in turns:
            if not turn.done():
                turn.set_exception(error)
