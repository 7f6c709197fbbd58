"""What a world is made from: seed, opening day, size and switches. Two equal specifications are the same world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random

from connectors.sandbox.world.shops import DAY, DEFAULT_SHOPS, ShopProfile


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """`opening` is the number (since 1970-01-01) of the first UTC day with orders."""

    seed: int
    opening: int
    orders_per_day: float = 18.0
    refunds_move_orders: bool = True
    shops: tuple[ShopProfile, ...] = DEFAULT_SHOPS

    def rng(self, *scope: object) -> Random:
        """A generator for one corner of the world; the same corner always rolls the same dice."""
        return Random("/".join(map(str, (self.seed, self.opening, *scope))))


def day_of(instant: int) -> int:
    """Number of the UTC day that holds `instant`."""
    return instant // DAY


def date_of(day: int) -> date:
    """Calendar date of a day number."""
    return datetime.fromtimestamp(day * DAY, UTC).date()
