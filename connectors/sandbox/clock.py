"""The virtual clock: real time plus an offset that only commands change."""

from __future__ import annotations

import time
from collections.abc import Callable


class VirtualClock:
    """Runs at real speed; `offset` seconds ahead of (or behind) real time."""

    def __init__(self, offset: float = 0.0, real: Callable[[], float] = time.time) -> None:
        self.offset = offset
        self._real = real

    def now(self) -> int:
        """Whole epoch seconds, UTC."""
        return int(self._real() + self.offset)

    def advance(self, seconds: float) -> None:
        """Jump ahead; time never runs back."""
        if seconds < 0:
            raise ValueError(f"the sandbox clock only moves forward, got {seconds} seconds")
        self.offset += seconds
