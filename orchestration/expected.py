"""What a backfill is expected to cost and to change, and when it will be over.

Belongs here: sums over the quotes of its parts, for the shell and for runs of Dagster alike. How a quote comes about:
`connectors.sync.quote_backfill`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.records import Window
from connectors.sync import StreamQuote, SyncProgress, minutes_of
from connectors.temu.streams import STREAMS
from orchestration.dbt_builds import manifest_path
from orchestration.lineage import marts_behind
from orchestration.raw_tables import tables_of

SECONDS_BETWEEN_WORDS = 5.0


@dataclass(frozen=True, slots=True)
class Expected:
    """Sums over what is known. `unknown` counts streams of shops of which nothing is.

    `marts` that change, by name; None as long as nobody has parsed the dbt project.
    """

    calls: int
    rows: int
    minutes: float
    known: int
    unknown: int
    marts: tuple[str, ...] | None

    @classmethod
    def of(cls, quotes: Sequence[StreamQuote]) -> Expected:
        """Of all windows, shops and streams together."""
        unknown = {(one.shop_name, one.stream) for one in quotes if one.calls is None}
        return cls(
            calls=sum(one.calls or 0 for one in quotes),
            rows=sum(one.rows or 0 for one in quotes),
            minutes=minutes_of(quotes),
            known=len({(one.shop_name, one.stream) for one in quotes} - unknown),
            unknown=len(unknown),
            marts=_marts_of({one.stream for one in quotes}),
        )


def _marts_of(streams: set[str]) -> tuple[str, ...] | None:
    manifest = manifest_path()
    if not manifest.exists():
        return None
    tables = {table for stream in streams for table in tables_of(STREAMS[stream])}
    return tuple(marts_behind(json.loads(manifest.read_text(encoding="utf-8")), tables))


class Eta:
    """Says every few seconds how many of the quoted calls are done, and when the others will be at this pace.

    Calls of streams without a quote are not among them.
    """

    def __init__(
        self, quotes: Sequence[StreamQuote], tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        unknown = {(one.shop_name, one.stream) for one in quotes if one.calls is None}
        self._quoted = {(one.shop_name, one.stream) for one in quotes} - unknown
        self._expected = sum(one.calls or 0 for one in quotes if (one.shop_name, one.stream) in self._quoted)
        self._besides = f"; streams besides of which nobody knows: {len(unknown)}" if unknown else ""
        self._tell = tell
        self._clock = clock
        self._started = self._last = clock()
        self._calls: dict[tuple[str, str, Window | None], int] = {}

    def __call__(self, progress: SyncProgress) -> None:
        """Take note of a committed part."""
        if (progress.shop_name, progress.stream) in self._quoted:
            self._calls[progress.shop_name, progress.stream, progress.window] = progress.calls
        now = self._clock()
        if now - self._last >= SECONDS_BETWEEN_WORDS:
            self._last = now
            self._tell(self._words(sum(self._calls.values()), now - self._started) + self._besides)

    def _words(self, done: int, seconds: float) -> str:
        if not self._quoted:
            return "nobody knows of how many calls"
        if not done or done > self._expected:
            return f"{done} calls, more than the {self._expected} quoted" if done else "no quoted call yet"
        left = (self._expected - done) * seconds / done / 60
        return f"{done} of about {self._expected} calls, about {left:.1f} minutes to go"
