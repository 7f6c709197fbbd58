"""Deliveries that were not processed, and test events: counted all, kept as rows of `ops.webhook_events` in measure.

Belongs here: that ledger. It is written beside the answers, never before them, and a flood of forged deliveries fills
neither memory nor table: a row per delivery for the first few of a minute, a number for the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
import structlog

from connectors.temu.webhooks import Event
from orchestration.api.limits import RateLimit

ROWS_PER_MINUTE = 60
SECONDS_BETWEEN_WRITES = 0.2
TEST = "test event"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row. `signature_ok` None = it carries no signature; `processed_at` is set where nothing is left to do."""

    event_id: str
    event_type: str
    received_at: datetime
    signature_ok: bool | None
    reason: str | None
    temu_shop_id: int | None = None
    parent_order_sn: str | None = None
    processed_at: datetime | None = None


class Refusals:
    """The ledger of this process. `write` stores rows and runs in a thread; `run` is its task."""

    def __init__(self, write: Callable[[Sequence[Refusal]], None]) -> None:
        self._write = write
        self._limit = RateLimit(ROWS_PER_MINUTE)
        self._rows: deque[Refusal] = deque(maxlen=2 * ROWS_PER_MINUTE)
        self.counts: Counter[str] = Counter()

    def add(self, refusal: Refusal) -> None:
        """Count it, and keep it if this minute's rows are not used up."""
        kind = refusal.reason or TEST
        self.counts[kind] += 1
        if self._limit.take("rows"):
            return
        log.warning("event not processed", reason=kind, event_type=refusal.event_type, shop=refusal.temu_shop_id)
        self._rows.append(refusal)

    async def run(self) -> None:
        """Store what was added, until cancelled; then store the rest."""
        try:
            while True:
                await self._store()
                await asyncio.sleep(SECONDS_BETWEEN_WRITES)
        finally:
            await self._store()

    async def _store(self) -> None:
        rows = [self._rows.popleft() for _ in range(len(self._rows))]
        try:
            if rows:
                await asyncio.to_thread(self._write, rows)
        except psycopg.Error as error:
            log.error("refused events are not recorded", count=len(rows), error=str(error))


def refused_id(event_code: str, *parts: str | bytes) -> str:
    """An id for a delivery whose content cannot be trusted: the same delivery again is the same row."""
    whole = b"\0".join(part if isinstance(part, bytes) else part.encode(errors="replace") for part in parts)
    return f"refused-{hashlib.sha256(event_code.encode(errors='replace') + whole).hexdigest()[:32]}"


def seen_only(event: Event, received_at: datetime, *, signature_ok: bool | None) -> Refusal:
    """A test event: seen, nothing to do."""
    return Refusal(event.id, event.code, received_at, signature_ok, None, event.mall_id, None, received_at)


def store_rows(database_url: str, rows: Sequence[Refusal]) -> None:
    """Insert rows that are not there yet."""
    insert = """
        insert into ops.webhook_events
            (event_id, event_type, received_at, signature_ok, reason, temu_shop_id, parent_order_sn, processed_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (event_id) do nothing
    """
    with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            insert,
            [
                (
                    row.event_id,
                    row.event_type,
                    row.received_at,
                    row.signature_ok,
                    row.reason,
                    row.temu_shop_id,
                    row.parent_order_sn,
                    row.processed_at,
                )
                for row in rows
            ],
        )
