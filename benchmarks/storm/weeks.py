"""Days in the life of an operator, in simulated time: readings, re-reads, recounts, events, and mending what broke.

Belongs here: what is done at which hour, and counting what was met. Whether it was enough: `benchmarks.storm.proof`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Annotated

import httpx
from pydantic import Field

from benchmarks.storm.events import deliver
from benchmarks.storm.stage import Stage
from connectors.errors import OmniError, ShopAuthError
from connectors.records import Window
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync import SyncFailure, SyncReport, recount, redeem_code, refresh_orders, replay, sync_shops
from connectors.temu.decoding import RecordDecoder
from connectors.temu.models import orders as models
from connectors.temu.streams import ORDER_LIST, STREAMS
from orchestration.ingest.webhook_inbox import process_inbox

HOURLY = [name for name, stream in STREAMS.items() if stream.rhythm == "hourly"]
"""What the evening reads; the morning reads all streams."""
BY_DAY = (
    "orders", "after_sales", "order_amounts", "shipments", "order_details", "tracking_events", "after_sales_lines",
    "return_parcels",
)  # fmt: skip
BROKEN_DAYS = (1, 40, 41, 42)
"""Days on which a release runs that cannot read shipped orders."""


class _NarrowParent(models.ParentOrder):
    parent_order_status: Annotated[int, Field(le=2)]


class NarrowOrder(models.Order):
    """A model that has not heard of shipped orders."""

    parent_order_map: _NarrowParent


@dataclass
class Figures:
    """What was met and done."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, outcomes: Sequence[object]) -> None:
        """Count reports and failures of one run."""
        self.counts["runs"] += 1
        for one in outcomes:
            if isinstance(one, SyncFailure):
                self.failures[type(one.error).__name__] += 1
            elif isinstance(one, SyncReport):
                self.counts["readings"] += 1
                self.counts["rows read"] += one.read
                self.counts["forbidden readings"] += bool(one.forbidden)


@dataclass
class Operator:
    """Runs the shops of one database through the storm. `owed` are days that could not be read whole again so far,
    because a reading failed or the token lacked an operation."""

    stage: Stage
    door: httpx.Client
    url: str
    settings: Settings
    shops: Sequence[Shop]
    figures: Figures = field(default_factory=Figures)
    owed: set[tuple[str, date]] = field(default_factory=set)
    dice: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - the same storm every time

    def live_through(self, days: int, on_day: Callable[[int], None]) -> None:
        """Day after day, each from midnight to midnight UTC; `on_day` hears how many are over."""
        for number in range(days):
            with _a_release(broken=number in BROKEN_DAYS):
                self._day(number)
            on_day(number + 1)

    def _day(self, number: int) -> None:
        self.stage.advance(timedelta(hours=6))
        self.read()
        self.night(yesterday=self.stage.now.date() - timedelta(days=1))
        if number not in BROKEN_DAYS:
            self.mend_letters()
        since = self.stage.sandbox.now()
        self.stage.advance(timedelta(hours=12))
        self.read(HOURLY)
        self._hear(since)
        self.stage.advance(timedelta(hours=6))

    def read(self, streams: Sequence[str] = tuple(STREAMS)) -> None:
        """What is new since the watermarks; where a token is refused, once more with a new one."""
        outcomes = self._sync(streams, None, None)
        failures = [one for one in outcomes if isinstance(one, SyncFailure)]
        refused = {one.shop_name for one in failures if isinstance(one.error, ShopAuthError)}
        again = [name for name in sorted(refused) if self._authorise(name)]
        if again:
            self._sync(streams, None, again)

    def night(self, yesterday: date) -> None:
        """Yesterday whole once more, and every day that is still owed; then closed days are counted."""
        self.owed |= {(shop.shop_name, yesterday) for shop in self.shops}
        for name, day in sorted(self.owed):
            outcomes = self._sync(BY_DAY, Window.of_day(day), [name])
            if not any(isinstance(one, SyncFailure) or one.forbidden for one in outcomes):
                self.owed.discard((name, day))
        counted = recount(
            self.url, settings=self.settings, shops=self._names, first=None, last=None, run_id=self._run_id("recount")
        )
        self.figures.counts["found by recounts"] += sum(getattr(one, "found", 0) for one in counted)
        self.figures.add([one for one in counted if isinstance(one, SyncFailure)])

    def mend_letters(self) -> None:
        """Read what was set aside once more."""
        report = replay(self.url, settings=self.settings, run_id=self._run_id("replay"))
        for one in report.letters:
            self.figures.counts[f"letters {one.fate}"] += 1
        self.figures.add(report.failures)

    def _sync(
        self, streams: Sequence[str], window: Window | None, shops: Sequence[str] | None
    ) -> list[SyncReport | SyncFailure]:
        outcomes = sync_shops(
            self.url, settings=self.settings, shops=shops or self._names, streams=streams, window=window,
            run_id=self._run_id("sync"), on_event=lambda _event: None,
        )  # fmt: skip
        self.figures.add(outcomes)
        return list(outcomes)

    def _authorise(self, name: str) -> bool:
        """As the seller would: a code from the browser for a token. Refused while the gateway refuses everything."""
        code = self.stage.sandbox.tokens.code_of(self.stage.sandbox.world.find(name))
        try:
            redeem_code(self.url, settings=self.settings, shop=name, code=code)
        except OmniError as error:
            self.figures.failures[type(error).__name__] += 1
            return False
        self.figures.counts["new tokens"] += 1
        return True

    def _hear(self, since: int) -> None:
        """Pushed events of the last hours, disordered, repeated and forged: the orders that they name are read."""
        deliver(self.stage, self.door, self.shops, since, self.dice, self.figures.counts)
        self.empty_inbox()

    def empty_inbox(self) -> None:
        """What the door has stored; a shop in trouble keeps its events for the next visit."""
        run_id = self._run_id("event")

        def refresh(temu_shop_id: int, parent_order_sns: Sequence[str]) -> object:
            return refresh_orders(
                self.url, settings=self.settings, temu_shop_id=temu_shop_id, parent_order_sns=parent_order_sns,
                run_id=run_id,
            )  # fmt: skip

        report = process_inbox(self.url, self.settings.webhook_inbox, refresh, run_id=run_id)
        self.figures.counts["events processed"] += report.done
        self.figures.counts["events put aside"] += len(report.rejected)
        for error in report.failures.values():
            self.figures.failures[type(error).__name__] += 1

    @property
    def _names(self) -> list[str]:
        return [shop.shop_name for shop in self.shops]

    def _run_id(self, what: str) -> str:
        self.figures.counts[f"{what}s"] += 1
        return f"{what}-{self.figures.counts[f'{what}s']}"


@contextmanager
def _a_release(*, broken: bool) -> Iterator[None]:
    """The model of orders as a release has it for a while."""
    if broken:
        vars(ORDER_LIST.entity)["_decoder"] = RecordDecoder(NarrowOrder)
    try:
        yield
    finally:
        vars(ORDER_LIST.entity).pop("_decoder", None)
