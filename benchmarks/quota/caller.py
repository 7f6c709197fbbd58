"""One process of the competition: the shops of one lane call the gateway until the time is over.

Belongs here: calling as the connector does (its client, its quota), and noting how long each call waited. Run by
`benchmarks.quota`: it is given a `Part` as argument, says that it is ready, is told when to begin, and prints figures.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress

import msgspec
from psycopg import AsyncConnection
from pydantic import SecretStr

from connectors.errors import OmniError
from connectors.logs import configure_logs
from connectors.postgres.lanes import Lane
from connectors.postgres.quota import AppQuota
from connectors.temu.client import Credentials, TemuClient
from connectors.temu.patience import RetryPolicy
from connectors.temu.transport import build_http

SMALLEST_CALL = "bg.open.accesstoken.info.get"
"""So that the quota is what is scarce, and not this machine."""
IN_FLIGHT = 8


class Login(msgspec.Struct):
    """A shop of the gateway."""

    app_key: str
    app_secret: str
    access_token: str
    gateway: str
    gateway_url: str


class Part(msgspec.Struct):
    """What one process does for `seconds`: `burst` calls of each shop every `every` seconds; 0 = without a pause."""

    lane: Lane
    shops: dict[int, Login]
    database_url: str
    seconds: float
    burst: int = IN_FLIGHT
    every: float = 0.0


class Played(msgspec.Struct):
    """Seconds that each call waited for its slot, and until its answer; calls by shop; codes of refused ones."""

    lane: Lane
    waits: list[float] = []
    answers: list[float] = []
    calls: dict[int, int] = {}
    codes: dict[str, int] = {}


class TimedQuota:
    """The real quota, and how long its callers waited."""

    def __init__(self, quota: AppQuota, waits: list[float]) -> None:
        self._quota = quota
        self._waits = waits

    async def acquire(self) -> None:
        """One slot."""
        started = time.perf_counter()
        await self._quota.acquire()
        self._waits.append(time.perf_counter() - started)

    async def penalise(self, seconds: float) -> None:
        """The gateway refused."""
        await self._quota.penalise(seconds)


async def play(part: Part) -> Played:
    """Call until the end."""
    told = Played(part.lane)
    conn = await AsyncConnection.connect(part.database_url, autocommit=True)
    async with conn, build_http(timeout_seconds=30) as http:
        clients = {}
        for number, login in part.shops.items():
            quota = TimedQuota(AppQuota(conn, login.app_key, part.lane, number), told.waits)
            clients[number] = TemuClient(
                http,
                shop=f"shop {number}",
                gateway=login.gateway,
                gateway_url=login.gateway_url,
                credentials=Credentials(login.app_key, SecretStr(login.app_secret), SecretStr(login.access_token)),
                limiter=quota,
                in_flight=IN_FLIGHT,
                retries=RetryPolicy(attempts=1),
            )
        starts = await asyncio.to_thread(_wait_for_the_start)
        await asyncio.sleep(max(0.0, starts - time.time()))
        await asyncio.gather(*(_shop(part, client, starts + part.seconds, told) for client in clients.values()))
    for number, client in clients.items():
        told.calls[number] = client.calls
        with client.counts.handed_over() as counts:
            for count in counts:
                told.codes[count.code] = told.codes.get(count.code, 0) + count.calls
    return told


def _wait_for_the_start() -> float:
    """The epoch at which everybody begins: told when the slowest process is ready."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    return float(sys.stdin.readline())


async def _shop(part: Part, client: TemuClient, ends: float, told: Played) -> None:
    async def call() -> None:
        while time.time() < ends:
            started = time.perf_counter()
            with suppress(OmniError):  # counted by its code
                await client.call(SMALLEST_CALL)
            told.answers.append(time.perf_counter() - started)
            if part.every:
                return

    while time.time() < ends:
        began = time.time()
        await asyncio.gather(*(call() for _ in range(part.burst)))
        await asyncio.sleep(max(0.0, min(began + part.every, ends) - time.time()))


if __name__ == "__main__":
    configure_logs("error")  # a line per call would be measured, too
    played = asyncio.run(play(msgspec.json.decode(sys.argv[1], type=Part)))
    sys.stdout.write(msgspec.json.encode(played).decode() + "\n")
