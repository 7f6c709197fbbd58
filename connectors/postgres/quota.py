"""One quota per app key for all shops, processes and machines: its state is a row of `ops.app_quota`.

Belongs here: handing out slots in time. The row holds when the next call may start; one statement reserves as many
slots as callers wait for (generic cell rate algorithm without bursts), as far as their lane reaches (`lanes`). Who is
told "too frequent" moves it for everybody.
"""

from __future__ import annotations

import asyncio
from collections import deque

from psycopg import AsyncConnection, Connection

from connectors.postgres.lanes import MOST_SLOTS, Lane, Reservation, reserve

_PENALISE = """
    update ops.app_quota
    set next_slot_at = greatest(next_slot_at, clock_timestamp() + %(seconds)s * interval '1 second'),
        throttled = throttled + 1
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
    """The quota of one app key, for one shop on one lane. `conn` is in autocommit; the quotas of a process share it."""

    def __init__(self, conn: AsyncConnection, app_key: str, lane: Lane = Lane.LIVE, shop_id: int = 0) -> None:
        self._conn = conn
        self._app_key = app_key
        self._lane = lane
        self._shop_id = shop_id
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
            try:
                reservation = await self._reserve(count)
            except BaseException as error:
                self._tell_all(error)  # whatever ends this task, nobody may wait for it for ever
                if not isinstance(error, Exception):
                    raise
                return
            for seconds in reservation.waits:
                turn = self._waiting.popleft()
                if not turn.done():
                    turn.set_result(seconds)
            if len(reservation.waits) < count:
                await asyncio.sleep(reservation.ask_again)
                self._waiting = deque(turn for turn in self._waiting if not turn.done())

    async def _reserve(self, slots: int) -> Reservation:
        await self._ensure()
        return await reserve(self._conn, self._app_key, self._lane, self._shop_id, slots)

    async def _ensure(self) -> None:
        if not self._known:
            await self._conn.execute(_ENSURE, [self._app_key])
            self._known = True

    def _tell_all(self, error: BaseException) -> None:
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(error)
        self._waiting.clear()
