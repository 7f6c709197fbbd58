"""Everything that reading one shop needs, opened and closed together.

Belongs here: client, connections and quota of a shop; nothing of them is shared but the HTTP pool and the quota.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import httpx
import psycopg
import structlog
from psycopg import AsyncConnection
from pydantic import SecretStr

from connectors.errors import ConfigurationError
from connectors.postgres.lanes import Lane
from connectors.postgres.quota import AppQuota
from connectors.postgres.tasks import note_tasks
from connectors.postgres.totals import add_calls
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shop_gateways import gateways_of
from connectors.shops import Shop, ShopCredentials, credentials, get_shop, list_shops, zone_of
from connectors.sync.known import Landed
from connectors.sync.reports import SyncFailure
from connectors.sync.writers import Writers
from connectors.temu.breaker import Breakers
from connectors.temu.client import Credentials, TemuClient
from connectors.temu.concurrent import all_of
from connectors.temu.extract import Reader
from connectors.temu.patience import RetryPolicy
from connectors.temu.streams import Stream
from connectors.temu.transport import build_http

R = TypeVar("R")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ShopSession:
    """An open shop on one of its gateways, which `shop` names. `control` is in autocommit: it holds locks, asks
    questions, keeps the task rows. `others` are its further gateways.
    """

    shop: Shop
    client: TemuClient
    control: AsyncConnection
    writers: Writers
    known: Landed
    reader: Reader
    others: tuple[ShopSession, ...] = ()

    def offering(self, stream: Stream) -> ShopSession | None:
        """This shop on the gateway that offers the stream; None if it has no token there or speaks another dialect."""
        if stream.spoken(self.shop.dialect) is None:
            return None
        return next((one for one in (self, *self.others) if stream.is_offered_to(one.shop.gateway)), None)

    def why_not(self, stream: Stream) -> str:
        """Why nobody here offers the stream, in words; only for streams without an `offering`."""
        if stream.spoken(self.shop.dialect) is None:
            return f"dialect {self.shop.dialect} does not know it"
        return f"gateway {self.shop.gateway} does not offer it"


class Office:
    """What the shops of one run share: database, HTTP pool, the lane of their app keys' quotas."""

    def __init__(
        self,
        database_url: str,
        settings: Settings,
        lines: Mapping[str, httpx.AsyncClient],
        quota: AsyncConnection,
        breakers: Breakers,
        lane: Lane,
    ) -> None:
        self.settings = settings
        self._lane = lane
        self._breakers = breakers
        self._url = database_url
        self._lines = lines
        self._quota = quota
        self._quotas: dict[tuple[str, int], AppQuota] = {}

    async def each(self, shops: Iterable[Shop], visit: Callable[[Shop], Awaitable[R]]) -> list[R]:
        """The results of visiting every shop, in order, `shops_in_parallel` at a time."""
        places = asyncio.Semaphore(self.settings.shops_in_parallel)

        async def one(shop: Shop) -> R:
            async with places:
                return await visit(shop)

        return await all_of(one(shop) for shop in shops)

    async def note_failure(self, shop: Shop, streams: Iterable[str], failure: SyncFailure) -> None:
        """A failed task for each stream that could not even begin: whoever looks at the tasks sees that it should have.

        A database that does not answer here either is told in the log only.
        """
        try:
            async with await AsyncConnection.connect(self._url, autocommit=True) as conn:
                await note_tasks(
                    conn,
                    shop_id=shop.id,
                    streams=list(streams),
                    mode=failure.mode,
                    window=failure.window,
                    run_id=failure.run_id,
                    error=failure.error,
                )
        except psycopg.Error as error:
            log.warning("a failure is not recorded", shop=shop.shop_name, error=str(error))

    @asynccontextmanager
    async def session(self, shop: Shop, access_token: SecretStr | None = None) -> AsyncIterator[ShopSession]:
        """Open one shop, with another access token than the stored one if given. ConfigurationError if it has no usable
        credentials."""
        doors, zone, writers = self._doors(shop, access_token), zone_of(shop), Writers(self._url)
        async with (
            await AsyncConnection.connect(self._url, autocommit=True, application_name="omni control") as control,
            AsyncExitStack() as opened,
        ):
            opened.push_async_callback(writers.close)
            opened.push_async_callback(_count_the_rest, control, shop, [client for _, client in doors])
            known = Landed(control, shop.id, doors[0][1].now, self.settings.tracking_patience)
            sessions = [
                ShopSession(door, client, control, writers, known, Reader(client, known, zone))
                for door, client in doors
            ]
            yield replace(sessions[0], others=tuple(sessions[1:]))

    def _doors(self, shop: Shop, access_token: SecretStr | None) -> list[tuple[Shop, TemuClient]]:
        """The shop as each of its gateways knows it, its own first."""
        box = SecretBox.open(self.settings)
        with psycopg.connect(self._url) as connection:
            opened = credentials(connection, box, shop.id)
            further = gateways_of(connection, box, shop.id)
        if access_token:
            opened = replace(opened, access_token=access_token)
        doors = [(shop, self._client(shop, opened))]
        for one in further:
            known_there = replace(
                shop, gateway=one.gateway, gateway_url=one.gateway_url, app_key=one.app_key, dialect="router"
            )
            doors.append((known_there, self._client(known_there, one.credentials)))
        return doors

    def _client(self, shop: Shop, opened: ShopCredentials) -> TemuClient:
        return TemuClient(
            self._lines.get(shop.gateway, self._lines[DIRECT]),
            shop=shop.shop_name,
            gateway=shop.gateway,
            gateway_url=shop.gateway_url,
            credentials=Credentials(shop.app_key, opened.app_secret, opened.access_token),
            limiter=self._limiter(shop),
            dialect=shop.dialect,
            in_flight=self.settings.requests_in_flight,
            retries=RetryPolicy.starting_with(self.settings.retry_seconds),
            breaker=self._breakers.of((shop.id, shop.gateway), shop.shop_name),
        )

    def _limiter(self, shop: Shop) -> AppQuota:
        quota = AppQuota(self._quota, shop.app_key, self._lane, shop.id)
        return self._quotas.setdefault((shop.app_key, shop.id), quota)


async def _count_the_rest(control: AsyncConnection, shop: Shop, clients: Iterable[TemuClient]) -> None:
    """Calls that belong to no task, such as the first one of a shop whose token is refused."""
    try:
        for client in clients:
            with client.counts.handed_over() as calls:
                await add_calls(control, shop.id, calls)
    except psycopg.Error as error:  # what was read is stored or not without these figures
        log.warning("calls are not counted", shop=shop.shop_name, error=str(error))


@asynccontextmanager
async def open_office(
    database_url: str, settings: Settings, breakers: Breakers | None = None, lane: Lane = Lane.LIVE
) -> AsyncIterator[Office]:
    """The shared parts of a run. `breakers` are kept from an earlier reading of the same run, if there was one."""
    async with (
        AsyncExitStack() as opened,
        await AsyncConnection.connect(database_url, autocommit=True, application_name="omni quota") as quota,
    ):
        lines = {name: await opened.enter_async_context(line) for name, line in _lines(settings).items()}
        yield Office(database_url, settings, lines, quota, breakers or new_breakers(settings), lane)


DIRECT = ""
"""The line of gateways without a proxy of their own."""


def _lines(settings: Settings) -> dict[str, httpx.AsyncClient]:
    """An HTTP pool per gateway with a proxy, and the one of all others."""
    lines = {DIRECT: build_http(timeout_seconds=settings.request_timeout_seconds)}
    for gateway, proxy in settings.proxies.items():
        try:
            lines[gateway] = build_http(timeout_seconds=settings.request_timeout_seconds, proxy=proxy)
        except (ValueError, httpx.InvalidURL):
            raise ConfigurationError(
                f"the proxy of gateway {gateway} is no http(s) address",
                remedy=f"set OMNI_PROXY_{gateway}=http://user:password@host:port",
            ) from None
    return lines


def new_breakers(settings: Settings) -> Breakers:
    """Breakers for the readings of one run."""
    return Breakers(settings.breaker_failures, settings.breaker_rest_seconds)


def chosen_shops(database_url: str, names: Sequence[str | int] | None) -> list[Shop]:
    """The named shops (as `get_shop` knows them), or all active ones. ConfigurationError for one that nobody has."""
    with psycopg.connect(database_url) as connection:
        if names is None:
            return list_shops(connection, active_only=True)
        found = [get_shop(connection, name) for name in names]
    return list({shop.id: shop for shop in found}.values())
