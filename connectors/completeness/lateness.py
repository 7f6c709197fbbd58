"""How late rows arrive, and how far a live window must therefore reach back.

Belongs here: the histogram's buckets, its quantile, the overlap learnt from it. A row is late when the watermark had
passed its update time before it landed; the overlap finds it if it is not later than that, the nightly reading of
yesterday if it is a day late, a recount of closed days whenever it comes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

BUCKETS = (
    *(0, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600, 28800, 43200, 64800),
    *(86400, 172800),
)
"""Upper bounds in seconds; 0 = on time. Later rows than the last were not awaited: they belong to a backfill."""
HORIZON = timedelta(seconds=BUCKETS[-1])
QUANTILE = 0.999
ENOUGH = 1000
"""Rows that have to be measured before the overlap follows them."""

Histogram = Mapping[int, int]
"""Rows by bucket."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """The overlap in force and what it was learnt from: rows that arrived, late ones among them, their quantile."""

    overlap: timedelta
    arrived: int
    late: int
    quantile: timedelta


def bucket_of(seconds: float) -> int:
    """The smallest bucket that holds a lateness; on time or early is 0."""
    return next((bound for bound in BUCKETS if seconds <= bound), BUCKETS[-1])


def quantile(histogram: Histogram, share: float) -> int:
    """The smallest bucket within which at least `share` of the rows arrived; 0 without rows."""
    needed, seen = math.ceil(share * sum(histogram.values())), 0
    for bound in sorted(histogram):
        seen += histogram[bound]
        if seen >= needed:
            return bound
    return 0


def learn(histogram: Histogram, *, least: timedelta, most: timedelta) -> Learnt:
    """The overlap that finds `QUANTILE` of all rows, within its bounds; `least` until `ENOUGH` rows were measured."""
    arrived = sum(histogram.values())
    found = timedelta(seconds=quantile(histogram, QUANTILE))
    overlap = least if arrived < ENOUGH else min(max(found, least), max(least, most))
    return Learnt(overlap, arrived, arrived - histogram.get(0, 0), found)
