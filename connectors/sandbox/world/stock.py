"""Units on the shelf of one listing: falls with each sale, rises when a delivery arrives.

Belongs here: the ledger and when to reorder. Does not belong here: who buys (see `demand`).
Cancelled units are written off here, not put back: the shelf only learns of deliveries.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from connectors.sandbox.world.catalogue import Listing
from connectors.sandbox.world.shops import DAY

COVER_DAYS = 40
REORDER_DAYS = 14


@dataclass(slots=True, eq=False)
class Shelf:
    """Stock of one listing over time; changes are appended in order of time."""

    listing: Listing
    changes: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    sale_times: list[int] = field(default_factory=list)
    sold: list[int] = field(default_factory=list)
    deliveries: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def level(self) -> int:
        """Units after the last change."""
        return self.levels[-1] if self.levels else 0

    def level_at(self, instant: int) -> int:
        """Units on the shelf at `instant`; 0 before the first delivery."""
        position = bisect_right(self.changes, instant)
        return self.levels[position - 1] if position else 0

    def sold_until(self, instant: int) -> int:
        """Units ordered up to and including `instant`."""
        position = bisect_right(self.sale_times, instant)
        return self.sold[position - 1] if position else 0

    def in_transit_at(self, instant: int) -> int:
        """Units ordered from the supplier and not yet arrived; deliveries are (ordered, arrives, units)."""
        return sum(units for ordered, arrives, units in self.deliveries if ordered <= instant < arrives)

    def receive(self, instant: int, units: int) -> None:
        """Book a delivery."""
        self._book(instant, self.level + units)

    def sell(self, instant: int, units: int) -> None:
        """Book a sale; the caller never sells more than `level`."""
        self._book(instant, self.level - units)
        self.sale_times.append(instant)
        self.sold.append((self.sold[-1] if self.sold else 0) + units)

    def open_day(self, day: int, opening: int, expected_daily: float) -> None:
        """Receive what arrives at 00:00 UTC of `day` and reorder when the shelf runs low."""
        start = day * DAY
        if not self.changes:
            self.receive(start, 25 + round(expected_daily * COVER_DAYS))
        for _, arrives, units in self.deliveries:
            if arrives == start:
                self.receive(start, units)
        fading = day - opening >= self.listing.family.fade
        waiting = any(arrives > start for _, arrives, _ in self.deliveries)
        if not waiting and not fading and self.level < expected_daily * REORDER_DAYS:
            self.deliveries.append((start, start + self._lead_days() * DAY, 10 + round(expected_daily * COVER_DAYS)))

    def _lead_days(self) -> int:
        """Suppliers of some families are slow: those shelves run empty now and then."""
        return 24 if self.listing.family.key % 6 == 2 else 9

    def _book(self, instant: int, level: int) -> None:
        self.changes.append(instant)
        self.levels.append(level)
