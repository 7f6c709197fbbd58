"""Counting what one stream of one shop did.

Belongs here: from committed leaves to the numbers of reports, progress and task rows, so that all three say the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from connectors.postgres.load import Loaded
from connectors.records import Window
from connectors.sync.reports import Mode, SyncFailure, SyncProgress, SyncReport
from connectors.sync.session import ShopSession
from connectors.temu.extract import Leaf


@dataclass
class Tally:
    """Counts of one stream while it runs."""

    session: ShopSession
    stream: str
    mode: Mode
    run_id: str
    window: Window | None = None
    read: int = 0
    dead_lettered: int = 0
    pending: int = 0
    forbidden: str | None = None
    warning: str | None = None
    task_id: UUID | None = None
    tables: dict[str, Loaded] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._calls_before = self.session.client.calls
        self._retries_before = self.session.client.retries

    @property
    def calls(self) -> int:
        """Calls sent for this stream, repeated ones included."""
        return self.session.client.calls - self._calls_before

    @property
    def retries(self) -> int:
        """Calls among them that were sent again."""
        return self.session.client.retries - self._retries_before

    @property
    def own(self) -> Loaded:
        """Counts of the stream's own table."""
        return self.tables.get(self.stream, Loaded())

    def add(self, leaf: Leaf, loaded: dict[str, Loaded]) -> None:
        """Count a committed leaf."""
        self.read += leaf.read
        self.pending += leaf.pending
        self.dead_lettered += len(leaf.rejected) + sum(len(one.refused) for one in loaded.values())
        if leaf.unchanged:
            self.tables[self.stream] = self.own + Loaded(unchanged=leaf.unchanged)
        for table, counts in loaded.items():
            counts.refused.clear()  # counted above; the payloads need not stay in memory
            self.tables[table] = self.tables.get(table, Loaded()) + counts

    def progress(self) -> SyncProgress:
        """How far it is."""
        return SyncProgress(
            shop_id=self.session.shop.id,
            shop_name=self.session.shop.shop_name,
            stream=self.stream,
            window=self.window,
            calls=self.calls,
            read=self.read,
            inserted=self.own.inserted,
            updated=self.own.updated,
        )

    def report(self, watermark: datetime | None) -> SyncReport:
        """The end, well."""
        return SyncReport(
            shop_id=self.session.shop.id,
            shop_name=self.session.shop.shop_name,
            stream=self.stream,
            mode=self.mode,
            window=self.window,
            run_id=self.run_id,
            calls=self.calls,
            read=self.read,
            inserted=self.own.inserted,
            updated=self.own.updated,
            unchanged=self.own.unchanged,
            stale=self.own.stale,
            dead_lettered=self.dead_lettered,
            pending=self.pending,
            watermark=watermark,
            seconds=round(time.monotonic() - self.started, 3),
            forbidden=self.forbidden,
            warning=self.warning,
            tables={name: (counts.inserted, counts.updated) for name, counts in self.tables.items()},
        )

    def failure(self, error: BaseException, stopped: tuple[str, ...] = ()) -> SyncFailure:
        """The end, badly."""
        return SyncFailure(
            shop_id=self.session.shop.id,
            shop_name=self.session.shop.shop_name,
            stream=self.stream,
            mode=self.mode,
            window=self.window,
            run_id=self.run_id,
            error=error,
            stopped=stopped,
        )

    def task_counts(self) -> dict[str, int]:
        """The numbers of a row of `ops.sync_tasks`."""
        return {
            "calls": self.calls,
            "retries": self.retries,
            "rows_read": self.read,
            "rows_inserted": self.own.inserted,
            "rows_updated": self.own.updated,
            "rows_unchanged": self.own.unchanged,
            "rows_dead_lettered": self.dead_lettered,
            "rows_not_ready": self.pending,
        }
