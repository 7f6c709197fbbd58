"""Places orders: who buys what on one day in one shop.

Belongs here: baskets, prices at the moment of the order, order numbers. Does not belong here: how many orders
a day brings (see `demand`) and what happens to them later (see `script`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from connectors.sandbox.world.activities import Activity
from connectors.sandbox.world.lifecycle import Line, Order
from connectors.sandbox.world.script import MINUTE, ScriptWriter
from connectors.sandbox.world.shops import ShopProfile
from connectors.sandbox.world.spec import WorldSpec, day_of
from connectors.sandbox.world.stock import Shelf

_TAX_PERCENT = {"USD": 8, "EUR": 19, "GBP": 20}


@dataclass(frozen=True, slots=True)
class Basket:
    """What one buyer puts together at one instant; the numbers make the order's identity."""

    at: int
    sequence: int
    items: tuple[tuple[Shelf, int], ...]


class OrderDesk:
    """Turns baskets of one shop into orders with prices and scripts."""

    def __init__(self, spec: WorldSpec, shop: ShopProfile) -> None:
        self._spec = spec
        self._shop = shop

    def place(self, basket: Basket, promotions: Sequence[Activity], rng: Random) -> Order:
        """One order, complete with everything that will ever happen to it."""
        number = self._number(basket)
        cooperative = self._shop.is_local and rng.random() < 0.12
        lines = tuple(
            self._line(basket.at, number, index, shelf, units, promotions, rng, cooperative=cooperative)
            for index, (shelf, units) in enumerate(basket.items)
        )
        writer = ScriptWriter(
            rng, basket.at, lines, is_local=self._shop.is_local, refunds_move=self._spec.refunds_move_orders
        )
        events = writer.write(f"PA-{self._shop.order_prefix}-{number[:15]}")
        return Order(
            sn=f"PO-{self._shop.order_prefix}-{number}", lines=lines, events=events, cases=tuple(writer.cases),
            sign_on_delivery=150 if self._shop.currency == "USD" and rng.random() < 0.03 else None,
            amounts_ready=basket.at + rng.randrange(5 * MINUTE, 20 * MINUTE),
        )  # fmt: skip

    def _number(self, basket: Basket) -> str:
        """17 digits: shop, day, sequence of the day, two zeros that the lines use."""
        return f"{10 + self._shop.number:02d}{day_of(basket.at):06d}{basket.sequence:07d}00"

    def _line(
        self, at: int, number: str, index: int, shelf: Shelf, units: int, promotions: Sequence[Activity],
        rng: Random, *, cooperative: bool,
    ) -> Line:  # fmt: skip
        listing = shelf.listing
        base = self._unit_price(at, shelf, promotions)
        retail = base * 132 // 100
        paid = retail * units
        temu = paid * rng.choice((5, 8, 12)) // 100 if rng.random() < 0.3 else 0
        return Line(
            order_sn=f"{self._shop.order_prefix}-{number[:15]}{index + 1:02d}", listing=listing, ordered=units,
            unit_base=base, unit_retail=retail,
            seller_discount=base * units * rng.choice((5, 10)) // 100 if rng.random() < 0.1 else 0,
            temu_discount=temu, shipping=rng.choice((0, 0, 149, 299)) if index == 0 else 0,
            tax=(paid - temu) * _TAX_PERCENT.get(self._shop.currency, 0) // 100,
            cooperative=cooperative and rng.random() < 0.8, package_sn=f"PK-{number[:15]}{index + 1:02d}",
        )  # fmt: skip

    def _unit_price(self, at: int, shelf: Shelf, promotions: Sequence[Activity]) -> int:
        day = day_of(at) - self._spec.opening
        covering = [
            promotion.price_of(shelf.listing, day) for promotion in promotions if promotion.covers(shelf.listing, at)
        ]
        return min(covering, default=shelf.listing.price_on(day))
