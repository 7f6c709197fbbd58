"""One shop alive: its shelves, promotions and orders, grown day by day up to now.

Belongs here: the order in which a day happens. Does not belong here: any of the parts it calls.
"""

from __future__ import annotations

from connectors.sandbox.world.activities import Activity, activities
from connectors.sandbox.world.aftersales import Case
from connectors.sandbox.world.book import OrderBook
from connectors.sandbox.world.catalogue import listings
from connectors.sandbox.world.demand import baskets, expected_orders
from connectors.sandbox.world.lifecycle import Order
from connectors.sandbox.world.orders import OrderDesk
from connectors.sandbox.world.shops import DAY, ShopProfile
from connectors.sandbox.world.spec import WorldSpec, day_of
from connectors.sandbox.world.stock import Shelf

_UNITS_PER_ORDER = 1.95


class LiveShop:
    """Grows forward only; the same specification grown to the same day is always the same shop."""

    def __init__(self, spec: WorldSpec, profile: ShopProfile) -> None:
        self.spec = spec
        self.profile = profile
        self.book = OrderBook()
        self.shelves: dict[int, Shelf] = {}
        self.cases: dict[str, tuple[Order, Case]] = {}
        self.tasks_looked_at: set[str] = set()
        self._desk = OrderDesk(spec, profile)
        self._next_day = 0

    def advance(self, now: int) -> None:
        """Grow through the UTC day of `now`, then let time pass up to `now`."""
        while self.spec.opening + self._next_day <= day_of(now):
            self._grow(self._next_day)
            self._next_day += 1
        self.book.advance(now)

    def activities_until(self, instant: int) -> list[Activity]:
        """Promotions that the shop can see at `instant`."""
        return list(activities(self.profile, self.spec.opening, instant))

    def day_since_opening(self, instant: int) -> int:
        """UTC days between opening and `instant`."""
        return day_of(instant) - self.spec.opening

    def _grow(self, day: int) -> None:
        rng = self.spec.rng("day", self.profile.number, day)
        shelves = self._open_shelves(day)
        start = (self.spec.opening + day) * DAY
        promotions = [a for a in self.activities_until(start) if a.start < start + DAY and a.end > start]
        orders = [
            self._desk.place(basket, promotions, rng)
            for basket in baskets(self.spec, self.profile, day, shelves, promotions, rng)
        ]
        self.book.add(orders)
        self.cases.update((case.sn, (order, case)) for order in orders for case in order.cases)

    def _open_shelves(self, day: int) -> list[Shelf]:
        for listing in listings(self.profile, day):
            if listing.sku_id not in self.shelves:
                self.shelves[listing.sku_id] = Shelf(listing)
        shelves = list(self.shelves.values())
        units = expected_orders(self.spec, self.profile, day) * _UNITS_PER_ORDER
        total = sum(shelf.listing.popularity_on(day) for shelf in shelves) or 1.0
        for shelf in shelves:
            family = shelf.listing.family
            share = max(shelf.listing.popularity_on(day), 0.3 * family.popularity / len(family.variants)) / total
            shelf.open_day(self.spec.opening + day, self.spec.opening, units * share)
        return shelves
