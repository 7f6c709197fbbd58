"""`fx_rates.csv`, `fee_rates.csv`, `sales_targets.csv`: what applies to many orders at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from connectors.sandbox.files.catalogue import MANAGERS, manager_of
from connectors.sandbox.files.fx import FxTable
from connectors.sandbox.world.catalogue import listings
from connectors.sandbox.world.demand import expected_orders
from connectors.sandbox.world.shops import ShopProfile
from connectors.sandbox.world.spec import date_of, day_of
from connectors.sandbox.world.world import World

FX_COLUMNS = ("base_currency", "quote_currency", "rate", "effective_from", "effective_to")
FEE_COLUMNS = ("fee_type", "shop", "rate", "effective_from", "effective_to")
TARGET_COLUMNS = ("target_month", "manager", "shop", "metric", "target_value")

PLATFORM_FEE = Decimal("0.02")
PAYMENT_FEE = Decimal("0.01")
_UNITS_PER_ORDER = 1.9
_AMBITION = 1.15


def fx_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """Weekly rates up to the Monday of `now`."""
    return FxTable(world.spec, now).rows()


def fee_rows(world: World, _now: int) -> Iterator[tuple[object, ...]]:
    """Nothing by default; local shops pay commission and payment fees (rule E)."""
    start = date_of(world.spec.opening - 60).isoformat()
    yield "platform", "", Decimal("0"), start, ""
    yield "payment", "", Decimal("0"), start, ""
    for profile in world.spec.shops:
        if profile.is_local:
            yield "platform", profile.name, PLATFORM_FEE, start, ""
            yield "payment", profile.name, PAYMENT_FEE, start, ""


def target_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """Manager-level GMV targets per month from opening to next month; units and profit for some."""
    for month in _months(date_of(world.spec.opening), date_of(day_of(now))):
        middle = (month - date_of(world.spec.opening)).days + 15
        for number, manager in enumerate(MANAGERS):
            units, gmv = _plan(world, manager, middle)
            yield month.isoformat(), manager, "", "gmv_cny", int(gmv * _AMBITION) // 1000 * 1000 + 1000
            if number % 2 == 0:
                yield month.isoformat(), manager, "", "units", int(units) // 10 * 10 + 10
            if number == 0:
                yield month.isoformat(), manager, "", "profit_cny", int(gmv * 0.3) // 1000 * 1000 + 1000


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last + timedelta(days=31):
        yield month
        month = (month + timedelta(days=32)).replace(day=1)


def _plan(world: World, manager: str, day: int) -> tuple[float, float]:
    """(units, CNY) per month that demand alone would give the manager's articles."""
    units = value = 0.0
    for shop in world.spec.shops:
        per_day = expected_orders(world.spec, shop, max(day, 0)) * _UNITS_PER_ORDER
        shares = _shares(shop, day)
        total = sum(share for _, share, _ in shares) or 1.0
        for owner, share, price in shares:
            if owner == manager:
                sold = 30 * per_day * share / total
                units, value = units + sold, value + sold * price
    return units, value


def _shares(shop: ShopProfile, day: int) -> list[tuple[str | None, float, float]]:
    return [
        (manager_of(item.family), item.popularity_on(day), item.price_on(day) / 100 * shop.cny_rate)
        for item in listings(shop, day)
    ]
