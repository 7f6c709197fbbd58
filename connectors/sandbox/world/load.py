"""One big shop with a given number of order lines, all in a fixed past window: for load tests, as cheap as possible.

Belongs here: orders without a life. Two lines per order; every order was placed, shipped and delivered before `END`.
"""

from __future__ import annotations

from connectors.sandbox.world.catalogue import listings
from connectors.sandbox.world.lifecycle import Event, Kind, Line, Order
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.shops import DAY, LOAD_SHOP
from connectors.sandbox.world.spec import WorldSpec

START = 20_605 * DAY  # 2026-06-01T00:00:00Z
UPDATE_DAYS = 30
END = START + UPDATE_DAYS * DAY
_LIFE = 6 * DAY


class LoadShop(LiveShop):
    """Update times are spread evenly over `[START, END)`, one second or more apart if the number of lines allows."""

    def __init__(self, spec: WorldSpec, lines: int) -> None:
        super().__init__(spec, LOAD_SHOP)
        self._lines = lines

    def advance(self, now: int) -> None:
        """Everything has happened already; the first call writes it down."""
        if not self.book.by_sn:
            self.book.add(self._orders())
        self.book.advance(max(now, END))

    def _orders(self) -> list[Order]:
        goods = list(listings(self.profile, 0))
        count = (self._lines + 1) // 2
        orders = []
        for n in range(count):
            updated = START + n * UPDATE_DAYS * DAY // count
            width = 2 if 2 * n + 2 <= self._lines else 1
            number = f"{10 + self.profile.number:02d}{n:013d}00"
            chosen = (goods[n % len(goods)], goods[(n * 7 + 3) % len(goods)])
            lines = tuple(
                Line(
                    order_sn=f"211-{number[:15]}{index + 1:02d}", listing=chosen[index], ordered=1 + n % 3 // 2,
                    unit_base=chosen[index].price, unit_retail=chosen[index].price * 132 // 100, seller_discount=0,
                    temu_discount=0, shipping=0, tax=0, cooperative=False,
                    package_sn=f"PK-{number[:15]}{index + 1:02d}",
                )
                for index in range(width)
            )  # fmt: skip
            both = tuple(range(width))
            events = (
                Event(updated - _LIFE, Kind.PLACED, both),
                Event(updated - _LIFE + 3600, Kind.CONFIRMED, both),
                Event(updated - _LIFE + DAY, Kind.SHIPPED, both),
                Event(updated, Kind.DELIVERED, both),
            )
            orders.append(Order(f"PO-211-{number}", lines, events, (), None, updated))
        return orders
