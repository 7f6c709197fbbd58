"""All shops of a run: concurrently, each in its own order of streams, none stopping another.

Belongs here: `sync_shops`, and what an error in one stream means for the rest of its shop and of its app key.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import msgspec
import psycopg
import structlog
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from connectors.errors import (
    AppError,
    ConfigurationError,
    OmniError,
    ShopAuthError,
    ShopSuspendedError,
    StreamForbiddenError,
    TransientError,
)
from connectors.postgres.lanes import Lane
from connectors.records import Window
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync.reports import Mode, SyncEvent, SyncFailure
from connectors.sync.session import Office, ShopSession, chosen_shops, open_office
from connectors.sync.streams import Progress, sync_stream
from connectors.sync.tally import Tally
from connectors.temu.breaker import Breakers
from connectors.temu.entities import instant_if_any
from connectors.temu.streams import STREAMS, Stream, rest
from connectors.token_expiry import NOTE, NOTE_FURTHER


def probe_of(shop: Shop) -> tuple[str, Mapping[str, object]]:
    """The cheapest call that tells whether the shop's gateway answers: operation and parameters."""
    if shop.dialect == "rest":
        return rest.PROBE, {"page": 1, "page_size": 1}
    return (PARTNER_TOKEN_CHECK if shop.gateway == "PARTNER" else TOKEN_CHECK), {}


TOKEN_CHECK = "bg.open.accesstoken.info.get"  # noqa: S105 - an operation's name
PARTNER_TOKEN_CHECK = "bg.open.accesstoken.info.get.global"  # noqa: S105 - the same on its gateway (§2.4)
log = structlog.get_logger(__name__)


def sync_shops(
    database_url: str,
    *,
    settings: Settings,
    shops: Sequence[str | int] | None,
    streams: Sequence[str] | None,
    window: Window | None,
    run_id: str,
    on_event: Callable[[SyncEvent], None],
    on_progress: Progress | None = None,
    breakers: Breakers | None = None,
    lane: Lane | None = None,
) -> list[SyncEvent]:
    """Read shops (None = all active) and streams (None = all) and store what they say; the outcomes in order.

    `window` None reads on from each watermark and moves it; a window reads it whole and leaves the watermark alone.
    `on_event` hears each report or failure at once, `on_progress` each committed part. Trouble with a shop is a
    `SyncFailure`, never an exception; ConfigurationError is raised for a shop or stream that does not exist.
    A run of several readings passes the same `breakers` to each, so that a shop that failed is not asked again at once.
    `lane` None: news go before everybody on the app key's quota, a window takes what is left.
    """
    run = _Run(settings, _chosen_streams(streams), window, run_id, on_event, on_progress)
    lane = lane or (Lane.BACKFILL if window else Lane.LIVE)
    return asyncio.run(run.all(database_url, chosen_shops(database_url, shops), breakers, lane))


def _chosen_streams(names: Sequence[str] | None) -> list[Stream]:
    unknown = [name for name in names or () if name not in STREAMS]
    if unknown:
        raise ConfigurationError(
            f"no stream is called {', '.join(unknown)}", remedy=f"choose among {', '.join(STREAMS)}"
        )
    return [stream for name, stream in STREAMS.items() if names is None or name in names]


class _Run:
    """One call of `sync_shops`."""

    def __init__(
        self,
        settings: Settings,
        streams: list[Stream],
        window: Window | None,
        run_id: str,
        on_event: Callable[[SyncEvent], None],
        on_progress: Progress | None,
    ) -> None:
        self._settings = settings
        self._streams = streams
        self._window = window
        self._mode: Mode = "window" if window else "live"
        self._run_id = run_id
        self._on_event = on_event
        self._on_progress = on_progress
        self._refused_apps: dict[tuple[str, SecretStr], AppError] = {}
        self._outcomes: list[SyncEvent] = []

    async def all(
        self, database_url: str, shops: Sequence[Shop], breakers: Breakers | None, lane: Lane
    ) -> list[SyncEvent]:
        """What became of every shop."""
        async with open_office(database_url, self._settings, breakers, lane) as office:
            await office.each(shops, partial(self._shop, office))
        return self._outcomes

    async def _shop(self, office: Office, shop: Shop) -> None:
        with bound_contextvars(run=self._run_id, stream=None, mode=self._mode):
            try:
                async with office.session(shop) as session:
                    await self._streams_of(office, session)
            except Exception as error:  # noqa: BLE001 - whatever ails one shop, the others are read
                failure = self._failure(shop, self._streams, error)
                offered = [one.name for one in self._streams if one.is_own_of(shop.gateway, shop.dialect)]
                await office.note_failure(shop, offered, failure)
                self._tell(failure)

    async def _streams_of(self, office: Office, session: ShopSession) -> None:
        await self._open(session)
        left = list(self._streams)
        while left:
            stream = left.pop(0)
            there = session.offering(stream)
            if there is None:
                self._tell_absent(session, stream)
                continue
            tally = Tally(there, stream.name, self._mode, self._run_id)
            try:
                self._stop_if_app_is_refused(there)
                self._tell(await sync_stream(tally, stream, self._window, self._settings, self._on_progress))
            except (ShopAuthError, AppError, ShopSuspendedError) as error:
                self._remember(there, error)
                stopped = [one for one in left if session.offering(one) is there]
                left = [one for one in left if one not in stopped]
                failure = tally.failure(error, tuple(one.name for one in stopped))
                unbegun = [*([] if tally.task_id else [stream.name]), *failure.stopped]
                await office.note_failure(there.shop, unbegun, failure)
                self._tell(failure)
            except Exception as error:  # noqa: BLE001 - the shop's other streams do not depend on this one's success
                self._tell(tally.failure(explained(error, session.shop.shop_name)))

    def _tell_absent(self, session: ShopSession, stream: Stream) -> None:
        """Nothing to read and nothing amiss. What only other gateways serve besides orders needs no word."""
        if stream.is_extra_to(session.shop.gateway) and stream.spoken(session.shop.dialect):
            return
        report = Tally(session, stream.name, self._mode, self._run_id, self._window).report(None)
        self._tell(replace(report, absent=session.why_not(stream)))

    async def _open(self, session: ShopSession) -> None:
        """One cheap call: learns the gateway's clock, and finds out before the work whether anybody answers."""
        self._stop_if_app_is_refused(session)
        try:
            await _greet(session, NOTE)
        except StreamForbiddenError as error:
            log.info("the token may not describe itself", shop=session.shop.shop_name, error=str(error))
        except AppError as error:
            self._remember(session, error)
            raise
        for further in session.others:
            try:
                await _greet(further, NOTE_FURTHER)
            except OmniError as error:  # its own streams will say so again, and what it means for them
                log.info("a further gateway does not describe its token", shop=further.shop.shop_name, error=str(error))

    def _stop_if_app_is_refused(self, session: ShopSession) -> None:
        error = self._refused_apps.get(session.client.app)
        if error:
            raise AppError(
                f"shop {session.shop.shop_name} waits, its app key is refused: {error.args[0]}",
                remedy=error.remedy,
            )

    def _remember(self, session: ShopSession, error: OmniError) -> None:
        if isinstance(error, AppError):
            self._refused_apps.setdefault(session.client.app, error)

    def _failure(self, shop: Shop, streams: Sequence[Stream], error: Exception) -> SyncFailure:
        return SyncFailure(
            shop_id=shop.id,
            shop_name=shop.shop_name,
            stream=streams[0].name,
            mode=self._mode,
            window=self._window,
            run_id=self._run_id,
            error=explained(error, shop.shop_name),
            stopped=tuple(stream.name for stream in streams[1:]),
        )

    def _tell(self, event: SyncEvent) -> None:
        self._outcomes.append(event)
        if isinstance(event, SyncFailure):
            log.warning("stream failed", shop=event.shop_name, stream=event.stream, error=str(event.error))
        elif event.absent:
            log.info("stream not available", shop=event.shop_name, stream=event.stream, why=event.absent)
        else:
            log.info("stream stored", shop=event.shop_name, stream=event.stream, read=event.read, calls=event.calls)
        self._on_event(event)


class _Expiry(msgspec.Struct, rename="camel"):
    """What a reading wants of the token check (API reference §2.4); of another type than documented it is ignored."""

    expired_time: object = None


async def _greet(session: ShopSession, note: str) -> None:
    """The probe; where it is a token check it tells the token's end, which is noted for the warnings."""
    operation, params = probe_of(session.shop)
    if session.shop.dialect == "rest":
        await session.client.call(operation, params)
        return
    token = await session.client.ask(operation, params, _Expiry) or _Expiry()
    if expires_at := instant_if_any(token.expired_time):
        place = {"shop_id": session.shop.id, "gateway": session.shop.gateway}
        await session.control.execute(note, {**place, "expires_at": expires_at})


def explained(error: Exception, shop: str) -> Exception:
    """A lost database as an error that says what to do; everything else as it is (a bug keeps its own face)."""
    if isinstance(error, psycopg.OperationalError):
        return TransientError(f"shop {shop}: the database did not do its part: {error}".strip())
    if not isinstance(error, OmniError):
        # As text: a renderer that shows local variables would show secrets.
        log.error("unexpected error", shop=shop, trace="".join(traceback.format_exception(error)))
    return error
