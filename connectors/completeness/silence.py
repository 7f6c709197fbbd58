"""Nothing came: is that a quiet hour, or is something broken that looks like success?

Belongs here: the judgement on a span without any news, by the same hours of earlier weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

WEEKS = 4
"""How many earlier weeks are looked at."""
LEAST_WEEKS = 2
"""Fewer comparable weeks say nothing."""


def is_suspicious(usual: Sequence[int], *, least: int) -> bool:
    """Whether silence contradicts history: each comparable week had news in these hours, usually at least `least`."""
    return len(usual) >= LEAST_WEEKS and min(usual) > 0 and median(usual) >= least
