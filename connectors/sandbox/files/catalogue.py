"""`product_costs.csv` and `product_managers.csv`: what articles cost and who answers for them.

Not everything is in order, as in life: one article has no cost, one has a gap, one is booked in USD, some have
no manager.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.sandbox.world.catalogue import Family, families
from connectors.sandbox.world.spec import date_of, day_of
from connectors.sandbox.world.world import World

COST_COLUMNS = ("shop", "sku_code", "cost_price", "currency", "effective_from", "effective_to")
MANAGER_COLUMNS = ("shop", "sku_code", "manager", "category", "effective_from")

WITHOUT_COST = "PUZZLE"
WITH_GAP = "SCARF"
IN_USD = "EARBUDS"
WITHOUT_MANAGER = "TOOLKIT"
WITHOUT_MANAGER_ROW = "SCALE"

MANAGERS = ("王芳", "李伟", "张敏", "Kim Lee", "Emma Brown", "陈杰")
_BY_CATEGORY = {
    "Kitchen": "王芳", "Apparel": "李伟", "Home": "张敏", "Garden": "张敏", "Electronics": "Kim Lee", "Car": "Kim Lee",
    "Sports": "Emma Brown", "Pets": "Emma Brown", "Toys": "Emma Brown",
}  # fmt: skip
_PERCENT = (100, 104, 97, 106, 102)


def manager_of(family: Family) -> str | None:
    """The manager that the file names, None where the company forgot to name one."""
    if family.stem in (WITHOUT_MANAGER, WITHOUT_MANAGER_ROW):
        return None
    return _BY_CATEGORY.get(family.category, "陈杰")


def cost_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """Cost versions up to a month ahead of `now`; instants without zone are Beijing time (rule T4)."""
    today = day_of(now) - world.spec.opening
    for family in families(today):
        if family.stem != WITHOUT_COST:
            for article in _articles(family):
                yield from _versions(world, family, article, today)


def manager_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """One row per article, for all shops."""
    for family in families(day_of(now) - world.spec.opening):
        if family.stem != WITHOUT_MANAGER_ROW:
            for article in _articles(family):
                yield "", article, manager_of(family), family.category, ""


def _articles(family: Family) -> Iterator[str]:
    return (f"{family.stem}-{suffix}" for suffix, _ in family.variants)


def _starts(family: Family, today: int) -> list[int]:
    """Days since opening on which a new cost begins; the first lies before the launch."""
    first = min(family.launch, 0) - 60 if family.launch <= 0 else family.launch - 20
    later = [24 + family.key % 11, 58 + family.key % 13]
    later += list(range(150 + family.key % 17, today + 30, 90))
    return [first, *(day for day in later if first + 20 < day <= today + 30)]


def _versions(world: World, family: Family, article: str, today: int) -> Iterator[tuple[object, ...]]:
    starts = _starts(family, today)
    for version, start in enumerate(starts):
        end = starts[version + 1] if version + 1 < len(starts) else None
        if end is not None and family.stem == WITH_GAP and version == 0:
            end -= 6
        cost = Decimal(str(family.cost)) * _PERCENT[version % len(_PERCENT)] / 100
        currency = "CNY"
        if family.stem == IN_USD:
            cost, currency = cost / Decimal("7.1"), "USD"
        yield "", article, cost.quantize(Decimal("0.01")), currency, _instant(world, start), _instant(world, end)


def _instant(world: World, day: int | None) -> str:
    return "" if day is None else f"{date_of(world.spec.opening + day).isoformat()} 00:00:00"
