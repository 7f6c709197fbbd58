"""Advertising: which goods are advertised, and what a span of time brought them.

Belongs here: counts and money in minor units, drawn from the units that were really sold. Does not belong here: the
names and scales of the reports (see `operations.ads`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.sandbox.world.shops import digits
from connectors.sandbox.world.stock import Shelf


@dataclass(frozen=True, slots=True)
class AdResult:
    """What advertising brought in a span; `pay` is valued at the supply price, `all_*` counts every sale."""

    impressions: int = 0
    clicks: int = 0
    carts: int = 0
    orders: int = 0
    pieces: int = 0
    pay: int = 0
    spend: int = 0
    all_orders: int = 0
    all_pay: int = 0

    def __add__(self, other: AdResult) -> AdResult:
        return AdResult(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def is_advertised(shelf: Shelf) -> bool:
    """One family in three is advertised."""
    return shelf.listing.family.key % 3 == 0


def result_of(shelves: Sequence[Shelf], start: int, end: int, day: int) -> AdResult:
    """Sum over the advertised shelves of what was sold in `[start, end)`, which is one local day."""
    return sum((_of_shelf(shelf, start, end, day) for shelf in shelves if is_advertised(shelf)), AdResult())


def _of_shelf(shelf: Shelf, start: int, end: int, day: int) -> AdResult:
    sold = shelf.sold_until(end - 1) - shelf.sold_until(start - 1)
    dice = int(digits("ad", shelf.listing.sku_id, start, length=4), 16)
    driven = (sold * (30 + dice % 41) + 50) // 100
    price = shelf.listing.price_on(day)
    clicks = driven * (9 + dice % 7) + dice % 23
    return AdResult(
        impressions=clicks * (38 + dice % 19), clicks=clicks, carts=driven * 3 + dice % 5, orders=driven, pieces=driven,
        pay=driven * price, spend=clicks * max(1, price // 70), all_orders=sold, all_pay=sold * price,
    )  # fmt: skip
