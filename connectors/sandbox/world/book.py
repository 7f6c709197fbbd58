"""The orders of one shop, indexed by order time and by update time, as of a moving now.

Belongs here: which orders exist and when each last changed. Does not belong here: what changed (see `lifecycle`).
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import overload

from connectors.sandbox.world.lifecycle import Order

Key = tuple[int, str]
_BULK = 500


class OrderBook:
    """Keys are (instant, order number) in ascending order; readers walk them backwards."""

    def __init__(self) -> None:
        self.by_sn: dict[str, Order] = {}
        self.touches: dict[str, int] = {}
        self._placed: list[Key] = []
        self._updated: list[Key] = []
        self._update_of: dict[str, int] = {}
        self._future: list[Key] = []
        self.now = 0

    def add(self, orders: Iterable[Order]) -> None:
        """Register orders of a later day; they become visible when now reaches them."""
        for order in orders:
            self.by_sn[order.sn] = order
            self._placed.append((order.placed, order.sn))
            heapq.heappush(self._future, (order.placed, order.sn))

    def advance(self, now: int) -> None:
        """Let everything up to and including `now` happen."""
        due: set[str] = set()
        while self._future and self._future[0][0] <= now:
            _, sn = heapq.heappop(self._future)
            order = self.by_sn[sn]
            version = order.version_at(now)
            due.add(sn)
            if version < len(order.times):
                heapq.heappush(self._future, (order.times[version], sn))
        self.now = max(self.now, now)
        self._reindex(due)

    def touch(self, sn: str, at: int) -> None:
        """Move an order's update time without changing anything else, as a live platform does."""
        self.touches[sn] = at
        if sn in self._update_of:
            self._reindex({sn})

    def updated_at(self, order: Order) -> int:
        """Update time of an order that has been placed."""
        return self._update_of[order.sn]

    def placed_between(self, start: int, end: int) -> Sequence[Key]:
        """Orders placed in `[start, end]` and not after now."""
        return _between(self._placed, start, min(end, self.now))

    def updated_between(self, start: int, end: int) -> Sequence[Key]:
        """Orders whose last change lies in `[start, end]`."""
        return _between(self._updated, start, end)

    def _update_time(self, sn: str) -> int:
        order = self.by_sn[sn]
        return max(order.times[order.version_at(self.now) - 1], self.touches.get(sn, 0))

    def _reindex(self, due: set[str]) -> None:
        fresh = [(self._update_time(sn), sn) for sn in due]
        if len(due) > _BULK:
            self._updated = sorted([key for key in self._updated if key[1] not in due] + fresh)
        else:
            for sn in due & self._update_of.keys():
                del self._updated[bisect_left(self._updated, (self._update_of[sn], sn))]
            for key in fresh:
                insort(self._updated, key)
        self._update_of.update((sn, at) for at, sn in fresh)


class Span(Sequence[Key]):
    """A stretch of a sorted list that is not copied until it is read; valid until the book next moves."""

    def __init__(self, keys: list[Key], low: int, high: int) -> None:
        self._keys = keys
        self._low = low
        self._length = max(0, high - low)

    def __len__(self) -> int:
        """Number of keys."""
        return self._length

    @overload
    def __getitem__(self, index: int) -> Key: ...
    @overload
    def __getitem__(self, index: slice) -> list[Key]: ...
    def __getitem__(self, index: int | slice) -> Key | list[Key]:
        """Like a list."""
        if isinstance(index, slice):
            start, stop, step = index.indices(self._length)
            return self._keys[self._low + start : self._low + max(start, stop)][::step]
        if not -self._length <= index < self._length:
            raise IndexError(index)
        return self._keys[self._low + index % self._length]


def _between(keys: list[Key], start: int, end: int) -> Sequence[Key]:
    low = bisect_left(keys, start, key=itemgetter(0))
    return Span(keys, low, bisect_right(keys, end, key=itemgetter(0)))
