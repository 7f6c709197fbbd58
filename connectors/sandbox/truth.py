"""GMV per shop and business day as the world knows it, computed from its ledger by the domain rules alone.

Belongs here: rules S1–S4, T1–T2, P, F. Does not belong here: the API's JSON; nothing here reads it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.files.fx import FxTable
from connectors.sandbox.world.lifecycle import CANCELED, PENDING, Line, Order, state_at
from connectors.sandbox.world.money import half_away, sales_amount
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.world import World

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(slots=True)
class Day:
    """Sums of one shop and day; amounts in major units."""

    parents_all: int = 0
    orders: int = 0
    lines: int = 0
    units: int = 0
    line_amount: Decimal = Decimal("0.00")
    gmv_cny: Decimal = Decimal("0.00")


def business_day(instant: int) -> date:
    """Rule T2: the date in Beijing."""
    return datetime.fromtimestamp(instant, UTC).astimezone(BUSINESS_ZONE).date()


def gmv_truth(world: World, at: int, files_at: int) -> list[dict[str, Any]]:
    """Rows by shop and day, as the orders stood at `at`; FX as in the companion files written at `files_at`."""
    rates = FxTable(world.spec, files_at)
    return [_row(shop, day, sums) for shop in world.shops for day, sums in sorted(_days(shop, at, rates).items())]


def _days(shop: LiveShop, at: int, rates: FxTable) -> dict[date, Day]:
    days: dict[date, Day] = defaultdict(Day)
    for order in shop.book.by_sn.values():
        if order.placed <= at:
            _count(days[business_day(order.placed)], shop, order, at, rates)
    return days


def _count(day: Day, shop: LiveShop, order: Order, at: int, rates: FxTable) -> None:
    sold = 0
    for line, now in zip(order.lines, state_at(order, at).lines, strict=True):
        if now.status not in (PENDING, CANCELED) and now.quantity >= 1:
            amount = _line_amount(shop, line, now.quantity, at)
            sold += 1
            day.units += now.quantity
            day.line_amount += amount
            day.gmv_cny += half_away(amount * rates.rate(shop.profile.currency, business_day(order.placed)))
    day.parents_all += 1
    day.lines += sold
    day.orders += sold > 0


def _line_amount(shop: LiveShop, line: Line, quantity: int, at: int) -> Decimal:
    """Ladder P: the order's own money, or today's supply price where the platform tells no money (semi-managed)."""
    if shop.profile.is_local:
        return sales_amount(line, quantity)
    return half_away(Decimal(line.listing.price_on(shop.day_since_opening(at))) * quantity / 100)


def _row(shop: LiveShop, day: date, sums: Day) -> dict[str, Any]:
    return {
        "shop_name": shop.profile.name,
        "temu_shop_id": shop.profile.mall_id,
        "order_date": day.isoformat(),
        "currency": shop.profile.currency,
        "parents_all": sums.parents_all,
        "orders": sums.orders,
        "order_lines": sums.lines,
        "units": sums.units,
        "line_amount": str(sums.line_amount),
        "gmv_cny": str(sums.gmv_cny),
    }
