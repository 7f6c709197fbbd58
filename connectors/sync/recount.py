"""Closed days counted by the platform itself, by the time of the order or case, and mended where our count differs.

Belongs here: `recount` and its cost. Reading by update time can miss what the platform hides or delays; what came into
being on a closed day is a fixed set, so equal counts prove that nothing is missing. Watermarks are not touched;
repeating is harmless.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial

import psycopg
from structlog.contextvars import bound_contextvars

from connectors.completeness.days import (
    closed_days,
    days_between,
    only_closed,
    window_of_business_day,
    window_of_business_days,
)
from connectors.errors import ConfigurationError, StreamForbiddenError
from connectors.postgres.lanes import Lane
from connectors.postgres.locks import writer_lock
from connectors.postgres.platform_counts import landed_by_day, landed_by_run, set_aside_by_day, store_reported
from connectors.postgres.quota import calls_per_second
from connectors.postgres.tasks import note_tasks
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync.refresh import land_answers, log_found
from connectors.sync.reports import DayCount, NotCounted, SyncFailure
from connectors.sync.run import explained, probe_of
from connectors.sync.session import Office, ShopSession, chosen_shops, open_office
from connectors.sync.streams import land_all
from connectors.sync.tally import Tally
from connectors.temu.concurrent import all_of
from connectors.temu.pagination import read_total
from connectors.temu.streams import STREAMS, ByWindow
from connectors.temu.windows import bounds

COUNTED = [stream for stream in STREAMS.values() if stream.by_creation]
"""Orders first: a case is about one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecountQuote:
    """What counting one shop's days costs at most: calls, and seconds at its app key's quota used by nobody else."""

    shop_name: str
    app_key: str
    days: int
    calls: int
    seconds: float


Counted = DayCount | NotCounted | SyncFailure


def quote_recount(
    database_url: str, *, settings: Settings, shops: Sequence[str] | None, first: date | None, last: date | None
) -> list[RecountQuote]:
    """The cost of counting, without asking anybody. Mending adds a call per 100 records of each day that differs.

    ConfigurationError for an unknown shop and for days that are not over, by our own clock.
    """
    days = len(_closed(first, last, datetime.now(UTC), settings))
    chosen = chosen_shops(database_url, shops)
    with psycopg.connect(database_url) as connection:
        rates = {shop.app_key: calls_per_second(connection, shop.app_key) for shop in chosen}
    return [
        RecountQuote(
            shop_name=shop.shop_name,
            app_key=shop.app_key,
            days=days,
            calls=calls,
            seconds=round(calls / rates[shop.app_key], 1),
        )
        for shop in chosen
        for calls in [days * sum(one.is_own_of(shop.gateway, shop.dialect) for one in COUNTED) + 1]
    ]


def recount(
    database_url: str,
    *,
    settings: Settings,
    shops: Sequence[str] | None,
    first: date | None,
    last: date | None,
    run_id: str,
    mend: bool = True,
    on_event: Callable[[Counted], None] = lambda _event: None,
) -> list[Counted]:
    """Count the closed days `first` … `last` (None = the last `settings.recount_days`) of the shops (None = active).

    A day that differs is read again by the time of its records, with money and detail, unless `mend` is False.
    Trouble with a shop is a `SyncFailure`, never an exception; ConfigurationError is raised for an unknown shop.
    """
    _must_be_in_order(first, last)
    chosen = chosen_shops(database_url, shops)
    job = _Recount(settings, (first, last), run_id, mend, on_event)
    return asyncio.run(job.all(database_url, chosen))


class _Recount:
    """One call of `recount`."""

    def __init__(
        self,
        settings: Settings,
        span: tuple[date | None, date | None],
        run_id: str,
        mend: bool,
        on_event: Callable[[Counted], None],
    ) -> None:
        self._settings = settings
        self._span = span
        self._run_id = run_id
        self._mend = mend
        self._on_event = on_event
        self._outcomes: list[Counted] = []

    async def all(self, database_url: str, shops: Sequence[Shop]) -> list[Counted]:
        """What became of every shop."""
        async with open_office(database_url, self._settings, lane=Lane.RECONCILE) as office:
            await office.each(shops, partial(self._shop, office))
        return self._outcomes

    async def _shop(self, office: Office, shop: Shop) -> None:
        at, noted, days = COUNTED[0].name, set[str](), list[date]()
        try:
            with bound_contextvars(run=self._run_id, stream=at, mode="recount"):
                async with office.session(shop) as session:
                    offered = [(one.name, there) for one in COUNTED if (there := session.offering(one))]
                    if not offered:
                        self._tell(_not_counted(shop, at, session.why_not(COUNTED[0])))
                        return
                    for at, there in offered:
                        tally = Tally(there, at, "recount", self._run_id)
                        days = days or await self._days(there)
                        await self._stream(tally, days, noted)
        except Exception as error:  # noqa: BLE001 - whatever ails one shop, the others are counted
            failure = self._failure(shop, at, explained(error, shop.shop_name))
            await office.note_failure(shop, {at} - noted, failure)
            self._tell(failure)

    async def _days(self, session: ShopSession) -> list[date]:
        """The business days to count: a day is over when the gateway's own clock says so."""
        await session.client.call(*probe_of(session.shop))
        return _closed(*self._span, session.client.now(), self._settings)

    async def _stream(self, tally: Tally, days: Sequence[date], noted: set[str]) -> None:
        session = tally.session
        with bound_contextvars(stream=tally.stream):
            counts, forbidden = await self._days_of(tally, days)
            noted.add(tally.stream)
            if forbidden:
                self._tell(_not_counted(session.shop, tally.stream, forbidden))
            for counted in counts:
                self._tell(await self._mended(session, counted) if self._mend and counted.gap else counted)

    async def _days_of(self, tally: Tally, days: Sequence[date]) -> tuple[list[DayCount], str | None]:
        """The platform's counts, stored, beside ours, or why the shop's token may not ask for them; a task of its own,
        whether or not a day has to be mended."""
        session, stream = tally.session, tally.stream
        counts, forbidden = list[DayCount](), None
        try:
            totals = await all_of(self._total(session, stream, day) for day in days)
            counts = await self._compared(session, stream, dict(zip(days, totals, strict=True)))
        except StreamForbiddenError as error:
            forbidden = str(error)
        await note_tasks(
            session.control,
            shop_id=session.shop.id,
            streams=[stream],
            mode="recount",
            window=window_of_business_days(days[0], days[-1]),
            run_id=self._run_id,
            seconds=time.monotonic() - tally.started,
            calls=tally.calls,
            retries=tally.retries,
            skipped=forbidden,
        )
        return counts, forbidden

    async def _total(self, session: ShopSession, stream: str, day: date) -> int:
        listing = _by_creation(session, stream).listing
        return await read_total(session.client, listing, bounds(listing, window_of_business_day(day)))

    async def _compared(self, session: ShopSession, stream: str, reported: dict[date, int]) -> list[DayCount]:
        shop, control = session.shop, session.control
        at, run_id = session.client.now(), self._run_id
        await store_reported(control, shop_id=shop.id, stream=stream, counts=reported, at=at, run_id=run_id)
        first, last = min(reported), max(reported)
        landed = await landed_by_day(control, shop_id=shop.id, stream=stream, first=first, last=last)
        aside = await set_aside_by_day(control, shop_id=shop.id, stream=stream, first=first, last=last)
        return [
            DayCount(
                shop_id=shop.id,
                shop_name=shop.shop_name,
                stream=stream,
                day=day,
                reported=count,
                landed=landed.get(day, 0),
                set_aside=aside.get(day, 0),
            )
            for day, count in reported.items()
        ]

    async def _mended(self, session: ShopSession, before: DayCount) -> DayCount:
        """Read the day again by the time of its records, land what is missing with its money, count once more."""
        stream, window = before.stream, window_of_business_day(before.day)
        tally = Tally(session, stream, "recount", self._run_id, window=window)
        leaves = session.reader.by_window(_by_creation(session, stream), window)
        async with writer_lock(session.control, session.shop.id, stream) as lock:
            await land_all(tally, leaves, lock)
        found = await landed_by_run(
            session.control, shop_id=session.shop.id, stream=stream, day=before.day, run_id=self._run_id
        )
        await log_found(tally, found, "was missing, and found by counting its day")
        await land_answers(tally, sorted({order for order in found.values() if order}))
        total = await self._total(session, stream, before.day)
        [after] = await self._compared(session, stream, {before.day: total})
        return replace(after, found=max(after.landed - before.landed, 0))

    def _failure(self, shop: Shop, stream: str, error: Exception) -> SyncFailure:
        return SyncFailure(
            shop_id=shop.id,
            shop_name=shop.shop_name,
            stream=stream,
            mode="recount",
            window=None,
            run_id=self._run_id,
            error=error,
        )

    def _tell(self, event: Counted) -> None:
        self._outcomes.append(event)
        self._on_event(event)


def _by_creation(session: ShopSession, stream: str) -> ByWindow:
    spoken = STREAMS[stream].spoken(session.shop.dialect)
    if spoken is None or spoken.by_creation is None:
        raise TypeError(f"{stream} cannot be counted by day")
    return spoken.by_creation


def _not_counted(shop: Shop, stream: str, cause: str) -> NotCounted:
    return NotCounted(shop_id=shop.id, shop_name=shop.shop_name, stream=stream, cause=cause)


def _closed(first: date | None, last: date | None, now: datetime, settings: Settings) -> list[date]:
    """The business days to count, all of them over and settled; `now` is aware. Without days: the last closed ones."""
    _must_be_in_order(first, last)
    settled = now - settings.settle
    recent = closed_days(settled, settings.recount_days)
    wanted = days_between(first or min(recent[0], last or recent[0]), last or max(recent[-1], first or recent[-1]))
    days = only_closed(wanted, settled)
    if not days:
        raise ConfigurationError(f"{wanted[0]} is not over yet", remedy="count days that are closed")
    return days


def _must_be_in_order(first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise ConfigurationError(f"the days end ({last}) before they start ({first})", remedy="swap --from and --to")
