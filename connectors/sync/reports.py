"""What a sync tells its caller, shop by shop and stream by stream, as it happens.

Belongs here: the events and their one-line text. Counts are records of the stream's own table:
read = inserted + updated + unchanged + stale + dead_lettered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from connectors.errors import OmniError
from connectors.records import Window

Mode = Literal["live", "window", "refresh", "recount", "replay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """One stream of one shop was read and stored. `watermark` is the stored one afterwards, None if it has none.

    `pending` records were not ready on the platform; the next live run asks for them. `forbidden` says what the shop's
    token may not call: that part was skipped. `warning` says what is odd about the success. `absent` says why the shop
    has no such stream at all: nothing was asked and nothing failed.
    `tables` holds (inserted, updated) per raw table.
    """

    shop_id: int
    shop_name: str
    stream: str
    mode: Mode
    window: Window | None
    run_id: str
    calls: int = 0
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    dead_lettered: int = 0
    pending: int = 0
    watermark: datetime | None = None
    seconds: float = 0.0
    forbidden: str | None = None
    warning: str | None = None
    absent: str | None = None
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.absent:
            return f"{self.shop_name} · {self.stream}: not available, {self.absent}"
        told = (
            f"{self.shop_name} · {self.stream}: {self.read} read, {self.inserted} new, {self.updated} changed, "
            f"{self.unchanged} unchanged, {self.calls} calls, {self.seconds:.1f} s"
        )
        told += f", {self.dead_lettered} set aside" if self.dead_lettered else ""
        told += f", {self.pending} not ready yet" if self.pending else ""
        told += f"; skipped: {self.forbidden}" if self.forbidden else ""
        return f"{told}; warning: {self.warning}" if self.warning else told


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFailure:
    """A stream of a shop could not be read to its end; what had been stored stays, the watermark is true.

    `stopped` names the streams of the shop that were not tried any more because of this. `error` says what to do next
    by its class, `message` is its text with shop, stream and remedy.
    """

    shop_id: int
    shop_name: str
    stream: str
    mode: Mode
    window: Window | None
    run_id: str
    error: BaseException
    stopped: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """One line for people."""
        return f"{self.shop_name} · {self.stream}: {self.error}"

    @property
    def remedy(self) -> str:
        """What to do next; empty if nobody knows."""
        return self.error.remedy if isinstance(self.error, OmniError) else ""

    def __str__(self) -> str:
        also = f" (therefore not read: {', '.join(self.stopped)})" if self.stopped else ""
        return self.message + also


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress:
    """A leaf was committed. Counts are those of the stream so far."""

    shop_id: int
    shop_name: str
    stream: str
    window: Window | None
    calls: int
    read: int
    inserted: int
    updated: int


SyncEvent = SyncReport | SyncFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """Records of one shop, stream and business day (Asia/Shanghai), as counted after mending: parent orders placed,
    after-sales cases opened.

    `found` were missing and have landed by this recount; `set_aside` wait as dead letters. `gap` = what the platform
    counts beyond ours: positive = still missing, negative = we hold records that it does not count any more.
    """

    shop_id: int
    shop_name: str
    stream: str
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
        told = f"{self.shop_name} · {self.day} · {self.stream}: the platform counts {self.reported}"
        told += f", {self.landed} have landed"
        told += f", {self.found} of them found now" if self.found else ""
        told += f", {self.set_aside} set aside" if self.set_aside else ""
        return f"{told}, {self.unexplained} unexplained" if self.unexplained else told


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """What a shop's gateway does not have or its token may not list: there is nothing to count and nothing to mend."""

    shop_id: int
    shop_name: str
    stream: str
    cause: str

    def __str__(self) -> str:
        return f"{self.shop_name}: {self.stream} are not counted, {self.cause}"
