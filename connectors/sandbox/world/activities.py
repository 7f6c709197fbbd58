"""Promotions: lightning deals, clearances and big sales that cut a price and lift demand.

Belongs here: which goods take part when, at what price. Does not belong here: their wire form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from connectors.sandbox.world.catalogue import Listing, listings
from connectors.sandbox.world.shops import DAY, ShopProfile

LIGHTNING, ADVANCED_SALE, CLEARANCE, BIG_SALE = 2, 13, 27, 100

# type, name, first day, repeats every n days, lasts n days, price in % of normal, demand factor
_PLANS = (
    (LIGHTNING, "Lightning deal", 12, 28, 7, 86, 3.4),
    (CLEARANCE, "Clearance", 33, 45, 14, 75, 1.8),
    (BIG_SALE, "Official big sale", 54, 90, 5, 90, 2.0),
    (ADVANCED_SALE, "Advanced big sale", 70, 90, 4, 92, 1.6),
)
ANNOUNCED_DAYS = 14


@dataclass(frozen=True, slots=True)
class Activity:
    """One promotion of one shop; `start` and `end` are instants, `[start, end)`."""

    activity_id: int
    kind: int
    name: str
    start: int
    end: int
    joined: bool
    price_percent: int
    demand_factor: float
    family_keys: frozenset[int]

    def covers(self, listing: Listing, instant: int) -> bool:
        """Whether this promotion sets the listing's price at `instant`."""
        return self.joined and self.start <= instant < self.end and listing.family.key in self.family_keys

    def price_of(self, listing: Listing, day: int) -> int:
        """Promotional supply price in minor units."""
        return listing.price_on(day) * self.price_percent // 100

    def status_at(self, instant: int) -> int:
        """1 not started, 2 running, 3 ended (API section 11)."""
        return 1 if instant < self.start else 2 if instant < self.end else 3


def activities(shop: ShopProfile, opening: int, until: int) -> Iterator[Activity]:
    """Promotions announced up to the instant `until`, in order of their start per plan."""
    for plan in range(len(_PLANS)):
        round_no = 0
        while (activity := _activity(shop, opening, plan, round_no)).start <= until + ANNOUNCED_DAYS * DAY:
            yield activity
            round_no += 1


@lru_cache(maxsize=65536)
def _activity(shop: ShopProfile, opening: int, plan: int, round_no: int) -> Activity:
    kind, name, first, every, lasts, percent, factor = _PLANS[plan]
    start_day = opening + first + shop.number + every * round_no
    taking_part = _taking_part(shop, kind, start_day - opening, round_no)
    return Activity(
        90_000_000 + shop.number * 100_000 + plan * 1_000 + round_no, kind, f"{name} {round_no + 1}",
        start_day * DAY + 8 * 3600, (start_day + lasts) * DAY + 8 * 3600,
        bool(taking_part) and (kind != ADVANCED_SALE or shop.number % 2 == 1), percent, factor, taking_part,
    )  # fmt: skip


def _taking_part(shop: ShopProfile, kind: int, day: int, round_no: int) -> frozenset[int]:
    """Clearances take what is fading, the others two or three strong families."""
    carried = {listing.family.key: listing.family for listing in listings(shop, day)}
    if kind == CLEARANCE:
        return frozenset(key for key, family in carried.items() if 0 <= day - family.fade < 30)
    strong = sorted(carried.values(), key=lambda family: (-family.popularity, family.key))
    living = [family.key for family in strong if day < family.fade]
    pick = (round_no * 2 + shop.number) % 4
    return frozenset(living[pick : pick + (6 if kind == BIG_SALE else 2)])
