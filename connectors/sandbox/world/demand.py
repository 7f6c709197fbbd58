"""How many buyers come on a day, at what hour, and what they reach for.

Belongs here: weekday rhythm, growth, hours, choice among shelves that still hold something.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from connectors.sandbox.world.activities import Activity
from connectors.sandbox.world.orders import Basket
from connectors.sandbox.world.shops import DAY, ShopProfile
from connectors.sandbox.world.spec import WorldSpec
from connectors.sandbox.world.stock import Shelf

# 1970-01-01 was a Thursday: index 0 is Thursday
_WEEKDAY = (0.97, 1.04, 1.16, 1.13, 0.95, 0.91, 0.93)
# local hours 0–23
_HOURS = (3, 2, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 10, 9, 8, 8, 9, 10, 11, 13, 14, 13, 10, 6)
_LINES = ((1, 62), (2, 26), (3, 12))
_UNITS = ((1, 78), (2, 15), (3, 5), (6, 2))


def expected_orders(spec: WorldSpec, shop: ShopProfile, day: int) -> float:
    """Mean number of parent orders of the shop on `day` (days since opening), without promotions."""
    growth = 0.86 + day / 320
    return spec.orders_per_day * shop.volume * growth * _WEEKDAY[(spec.opening + day) % 7]


def baskets(
    spec: WorldSpec, shop: ShopProfile, day: int, shelves: Sequence[Shelf], promotions: Sequence[Activity], rng: Random
) -> list[Basket]:
    """All baskets of one UTC day in order of time; the shelves are emptied as they are filled."""
    start = (spec.opening + day) * DAY
    weights = [_pull(shelf, day, start, promotions) for shelf in shelves]
    plain = sum(shelf.listing.popularity_on(day) for shelf in shelves)
    if not plain:
        return []
    mean = expected_orders(spec, shop, day) * sum(weights) / plain * rng.uniform(0.88, 1.12)
    times = sorted(start + _second_of_day(shop, rng) for _ in range(_poisson(mean, rng)))
    filled = (Basket(at, n, _fill(at, shelves, weights, rng)) for n, at in enumerate(times, 1))
    return [basket for basket in filled if basket.items]


def _pull(shelf: Shelf, day: int, start: int, promotions: Sequence[Activity]) -> float:
    pull = shelf.listing.popularity_on(day)
    for promotion in promotions:
        if promotion.covers(shelf.listing, start + DAY // 2):
            pull *= promotion.demand_factor
    return pull


def _fill(at: int, shelves: Sequence[Shelf], weights: list[float], rng: Random) -> tuple[tuple[Shelf, int], ...]:
    items: dict[int, int] = {}
    for _ in range(_pick(_LINES, rng)):
        open_weights = [w if shelf.level > 0 else 0.0 for shelf, w in zip(shelves, weights, strict=True)]
        if not any(open_weights):
            break
        index = rng.choices(range(len(shelves)), open_weights)[0]
        if index not in items:
            items[index] = min(_pick(_UNITS, rng), shelves[index].level)
            shelves[index].sell(at, items[index])
    return tuple((shelves[index], units) for index, units in items.items())


def _pick(chances: tuple[tuple[int, int], ...], rng: Random) -> int:
    values, weights = zip(*chances, strict=True)
    return int(rng.choices(values, weights)[0])


def _second_of_day(shop: ShopProfile, rng: Random) -> int:
    hour = rng.choices(range(24), _HOURS)[0]
    return (hour - shop.utc_offset_hours) % 24 * 3600 + rng.randrange(3600)


def _poisson(mean: float, rng: Random) -> int:
    if mean > 60:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count
