"""Calls per second and app key, across all its shops (API section 5). Counts real seconds, not virtual ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


class Quota:
    """A token bucket per app key that holds one second's worth of calls. A rate of 0 means no limit."""

    def __init__(
        self, default: float, overrides: Mapping[str, float] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._default = default
        self._overrides = dict(overrides or {})
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def set(self, app_key: str, calls_per_second: float) -> None:
        """Override the rate of one app key."""
        self._overrides[app_key] = calls_per_second

    def rate_of(self, app_key: str) -> float:
        """Calls per second of this app key."""
        return self._overrides.get(app_key, self._default)

    def allows(self, app_key: str) -> bool:
        """Take one call from the bucket, if there is one."""
        rate = self.rate_of(app_key)
        if rate <= 0:
            return True
        now = self._clock()
        size = max(1.0, rate)
        level, seen = self._buckets.get(app_key, (size, now))
        level = min(size, level + (now - seen) * rate)
        allowed = level >= 1.0
        self._buckets[app_key] = (level - 1.0 if allowed else level, now)
        return allowed
