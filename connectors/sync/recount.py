"""Closed days counted by the platform itself, by the time of the order, and mended where our count differs.

Belongs here: `recount` and its cost. Reading by update time can miss what the platform hides or delays; a closed day's
orders are a fixed set, so equal counts prove that none is missing. Watermarks are not touched; repeating is harmless.
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

from connectors.completeness.days import closed_days, days_between, only_closed, window_of_business_day
from connectors.errors import ConfigurationError
from connectors.postgres.lanes import Lane
from connectors.postgres.locks import writer_lock
from connectors.postgres.order_counts import landed_orders, orders_landed_by, set_aside_orders, store_reported
from connectors.postgres.quota import calls_per_second
from connectors.postgres.tasks import note_tasks
from connectors.records import Window
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync.refresh import land_answers, log_found
from connectors.sync.reports import SyncFailure
from connectors.sync.run import explained, probe_of
from connectors.sync.session import Office, ShopSession, chosen_shops, open_office
from connectors.sync.streams import land_all
from connectors.sync.tally import Tally
from connectors.temu.concurrent import all_of
from connectors.temu.pagination import read_total
from connectors.temu.streams import STREAMS, orders_by_creation
from connectors.temu.windows import bounds

STREAM = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Parent orders of one shop and business day (Asia/Shanghai), as counted after mending.

    `found` were missing and have landed by this recount; `set_aside` wait as dead letters. `gap` = what the platform
    counts beyond ours: positive = still missing, negative = we hold orders that it does not count any more.
    """

    shop_id: int
    shop_name: str
    day: date
    reported: int
    landed: int
    set_aside: int = 0
    found: int = 0

    @property
    def gap(self) -> int:
        """Reported − landed."""
        return self.reported - self.landed

    @property
    def unexplained(self) -> int:
        """What of the gap no dead letter accounts for, without its sign."""
        return max(self.gap - self.set_aside, 0) if self.gap > 0 else -self.gap

    def __str__(self) -> str:
        told = f"{self.shop_name} · {self.day}: the platform counts {self.reported}, {self.landed} have landed"
        told += f", {self.found} of them found now" if self.found else ""
        told += f", {self.set_aside} set aside" if self.set_aside else ""
        return f"{told}, {self.unexplained} unexplained" if self.unexplained else told


@dataclass(frozen=True, slots=True, kw_only=True)
class RecountQuote:
    """What counting one shop's days costs at most: calls, and seconds at its app key's quota used by nobody else."""

    shop_name: str
    app_key: str
    days: int
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """A shop whose orders its gateway does not have: there is nothing to count and nothing to mend."""

    shop_id: int
    shop_name: str
    cause: str

    def __str__(self) -> str:
        return f"{self.shop_name}: orders are not counted, {self.cause}"


Counted = DayCount | NotCounted | SyncFailure


def quote_recount(
    database_url: str, *, settings: Settings, shops: Sequence[str] | None, first: date | None, last: date | None
) -> list[RecountQuote]:
    """The cost of counting, without asking anybody. Mending adds a call per 100 orders of each day that differs.

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
            calls=days + 1,
            seconds=round((days + 1) / rates[shop.app_key], 1),
        )
        for shop in chosen
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

    A day that differs is read again by the time of its orders, with their money and detail, unless `mend` is False.
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
        counts: list[DayCount] = []
        try:
            with bound_contextvars(run=self._run_id, stream=STREAM, mode="recount"):
                async with office.session(shop) as session:
                    if session.offering(STREAMS[STREAM]) is None:
                        cause = session.why_not(STREAMS[STREAM])
                        self._tell(NotCounted(shop_id=shop.id, shop_name=shop.shop_name, cause=cause))
                        return
                    counts = await self._days_of(session)
                    for counted in counts:
                        self._tell(await self._mended(session, counted) if self._mend and counted.gap else counted)
        except Exception as error:  # noqa: BLE001 - whatever ails one shop, the others are counted
            failure = self._failure(shop, explained(error, shop.shop_name))
            await office.note_failure(shop, [] if counts else [STREAM], failure)
            self._tell(failure)

    async def _days_of(self, session: ShopSession) -> list[DayCount]:
        """The platform's counts, stored, beside ours; a task of its own, whether or not a day has to be mended."""
        began, client = time.monotonic(), session.client
        await client.call(*probe_of(session.shop))  # a day is over when the gateway's own clock says so
        days = _closed(*self._span, client.now(), self._settings)
        totals = await all_of(self._total(session, day) for day in days)
        counts = await self._compared(session, dict(zip(days, totals, strict=True)))
        await note_tasks(
            session.control,
            shop_id=session.shop.id,
            streams=[STREAM],
            mode="recount",
            window=Window(window_of_business_day(days[0]).start, window_of_business_day(days[-1]).end),
            run_id=self._run_id,
            seconds=time.monotonic() - began,
            calls=client.calls,
            retries=client.retries,
        )
        return counts

    async def _total(self, session: ShopSession, day: date) -> int:
        listing = orders_by_creation(session.shop.dialect)
        return await read_total(session.client, listing, bounds(listing, window_of_business_day(day)))

    async def _compared(self, session: ShopSession, reported: dict[date, int]) -> list[DayCount]:
        shop, span = session.shop, {"first": min(reported), "last": max(reported)}
        at, run_id = session.client.now(), self._run_id
        await store_reported(session.control, shop_id=shop.id, counts=reported, at=at, run_id=run_id)
        landed = await landed_orders(session.control, shop_id=shop.id, **span)
        aside = await set_aside_orders(session.control, shop_id=shop.id, **span)
        return [
            DayCount(
                shop_id=shop.id,
                shop_name=shop.shop_name,
                day=day,
                reported=count,
                landed=landed.get(day, 0),
                set_aside=aside.get(day, 0),
            )
            for day, count in reported.items()
        ]

    async def _mended(self, session: ShopSession, before: DayCount) -> DayCount:
        """Read the day again by the time of its orders, land what is missing with its money, count once more."""
        window = window_of_business_day(before.day)
        tally = Tally(session, STREAM, "recount", self._run_id, window=window)
        leaves = session.reader.listed(orders_by_creation(session.shop.dialect), window)
        async with writer_lock(session.control, session.shop.id, STREAM) as lock:
            await land_all(tally, leaves, lock)
        found = await orders_landed_by(session.control, shop_id=session.shop.id, day=before.day, run_id=self._run_id)
        await log_found(tally, found, "was missing, and found by counting its day")
        await land_answers(tally, found)
        total = await self._total(session, before.day)
        [after] = await self._compared(session, {before.day: total})
        return replace(after, found=max(after.landed - before.landed, 0))

    def _failure(self, shop: Shop, error: Exception) -> SyncFailure:
        return SyncFailure(
            shop_id=shop.id,
            shop_name=shop.shop_name,
            stream=STREAM,
            mode="recount",
            window=None,
            run_id=self._run_id,
            error=error,
        )

    def _tell(self, event: Counted) -> None:
        self._outcomes.append(event)
        self._on_event(event)


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
