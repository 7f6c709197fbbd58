"""How much of an endless proof is run: a sample in every test run, all of it where OMNI_TEST_THOROUGH is set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
THOROUGH = bool(os.environ.get("OMNI_TEST_THOROUGH"))


def cases(usual: int, thorough: int) -> int:
    """How many examples a law is tried on."""
    return thorough if THOROUGH else usual


def some_of(points: Sequence[T], usual: int) -> Sequence[T]:
    """All of them, or `usual` spread evenly from the first to the last."""
    if THOROUGH or len(points) <= usual:
        return points
    return [points[number * (len(points) - 1) // (usual - 1)] for number in range(usual)]
