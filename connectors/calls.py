"""What calls to a gateway were like, counted until somebody stores the counts.

Belongs here: one call as its log line tells it, and the counts of many by operation, answer and duration. Who calls is
`temu.client`, who stores is `postgres.totals`. No record's number comes in: counts stay few, however much is read.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

BOUNDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, math.inf)
"""Upper bounds of durations, in seconds; at 20 calls/s what matters lies between a tenth and two."""
UNANSWERED = "unanswered"
"""Code of a call that its caller gave up before anything came back."""


@dataclass(slots=True)
class Call:
    """One call while it is under way. `code`: the platform's, or what happened instead; `seconds` None = never sent.

    `is_well`: the platform did what was asked.
    """

    api_type: str
    code: str = UNANSWERED
    request_id: str | None = None
    seconds: float | None = None
    is_well: bool = False

    @contextmanager
    def sent(self) -> Iterator[None]:
        """Around the sending: takes the time to the answer, however it ends."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds = time.perf_counter() - started


@dataclass(frozen=True, slots=True, order=True)
class CallCount:
    """So many calls of an operation with this answer took up to `up_to` seconds (a bound), together `seconds`."""

    api_type: str
    code: str
    up_to: float
    calls: int = 0
    seconds: float = 0.0


class CallCounts:
    """Counts of one client, in one thread."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, float], CallCount] = {}

    def add(self, call: Call) -> None:
        """Count a call that was sent."""
        seconds = call.seconds or 0.0
        self._put(CallCount(call.api_type, call.code, BOUNDS[bisect_left(BOUNDS, seconds)], 1, seconds))

    @contextmanager
    def handed_over(self) -> Iterator[list[CallCount]]:
        """What was counted since the last time, in order; an error of whoever stores it takes it back."""
        taken, self._counts = self._counts, {}
        try:
            yield sorted(taken.values())
        except BaseException:
            for count in taken.values():
                self._put(count)
            raise

    def _put(self, count: CallCount) -> None:
        key = count.api_type, count.code, count.up_to
        known = self._counts.get(key, replace(count, calls=0, seconds=0.0))
        self._counts[key] = replace(known, calls=known.calls + count.calls, seconds=known.seconds + count.seconds)
