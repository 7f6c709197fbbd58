"""`settlement_lines.csv`, `payouts.csv`, `account_balances.csv`: weekly statements and what follows from them.

A statement is closed on Thursdays, 04:00 UTC; only closed statements are written, so a later copy extends an earlier
one. A few orders are forgotten by the platform and a few are paid short: reconciliation needs something to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from connectors.sandbox.files.days import utc_text
from connectors.sandbox.files.rates import PAYMENT_FEE, PLATFORM_FEE
from connectors.sandbox.world.lifecycle import CANCELED, DELIVERED, Line, Order, state_of
from connectors.sandbox.world.money import half_away, sales_amount
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.world import World

LINE_COLUMNS = (
    "shop", "settlement_sn", "line_no", "parent_order_sn", "order_sn", "product_sku_id", "line_type", "amount",
    "currency", "settled_at",
)  # fmt: skip
PAYOUT_COLUMNS = ("shop", "payout_sn", "amount", "currency", "paid_at", "status")
BALANCE_COLUMNS = ("shop", "currency", "snapshot_at", "available", "frozen")

_CLOSING = 4 * 3600
_WEEK = 7 * DAY
_PAID_AFTER = 2 * DAY


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One line of a statement; `amount` is signed, major units of the shop's currency."""

    closed: int
    parent_order_sn: str
    order_sn: str
    line_type: str
    product_sku_id: int
    amount: Decimal


def line_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """All lines of closed statements, numbered per statement."""
    for shop in world.shops:
        numbers: dict[int, int] = defaultdict(int)
        for entry in _entries(shop, now):
            numbers[entry.closed] += 1
            yield (
                shop.profile.name, _statement_sn(shop, entry.closed), numbers[entry.closed], entry.parent_order_sn,
                entry.order_sn, entry.product_sku_id, entry.line_type, entry.amount, shop.profile.currency,
                utc_text(entry.closed),
            )  # fmt: skip


def payout_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """One transfer per statement, two days later."""
    for shop in world.shops:
        for closed, total in _statements(shop, now).items():
            paid = closed + _PAID_AFTER
            status = "paid" if paid <= now else "processing"
            sn = f"PY-{_statement_sn(shop, closed)[3:]}"
            yield shop.profile.name, sn, total, shop.profile.currency, utc_text(paid), status


def balance_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """A weekly look at the account, Fridays 00:00 UTC: settled but not yet transferred, and what is held back."""
    for shop in world.shops:
        statements = _statements(shop, now)
        first = _next_closing(shop.spec.opening * DAY) - _CLOSING + DAY
        for at in range(first, now + 1, _WEEK):
            open_ = sum(
                (total for closed, total in statements.items() if closed <= at < closed + _PAID_AFTER), Decimal(0)
            )
            frozen = half_away(open_ * Decimal("0.08"))
            yield shop.profile.name, shop.profile.currency, utc_text(at), half_away(open_ - frozen), frozen


def _statements(shop: LiveShop, now: int) -> dict[int, Decimal]:
    totals: dict[int, Decimal] = defaultdict(Decimal)
    for entry in _entries(shop, now):
        totals[entry.closed] += entry.amount
    return dict(sorted(totals.items()))


def _entries(shop: LiveShop, now: int) -> list[Entry]:
    entries = [entry for order in shop.book.by_sn.values() if order.placed <= now for entry in _of_order(shop, order)]
    return sorted(entry for entry in entries if entry.closed <= now)


def _of_order(shop: LiveShop, order: Order) -> Iterator[Entry]:
    """The order's final state decides; it is due `settlement_lag_days` after the last delivery."""
    final = state_of(order, len(order.events))
    delivered = [line.delivered_at for line in final.lines if line.status == DELIVERED and line.delivered_at]
    if final.status != DELIVERED or not delivered or _dice(order, 33) == 0:
        return
    closed = _next_closing(max(delivered) + shop.profile.settlement_lag_days * DAY)
    for line, now in zip(order.lines, final.lines, strict=True):
        if now.status != CANCELED:
            yield _entry(closed, order, line, "sales_receipt", _receipt(shop, order, line, now.quantity))
            if shop.profile.is_local and line.shipping:
                yield _entry(closed, order, line, "freight_receipt", Decimal(line.shipping) / 100)
    for case in order.cases:
        if case.refunded_at and case.refund.seller_loss:
            at = max(closed, _next_closing(case.refunded_at))
            loss = half_away(Decimal(-case.refund.seller_loss) / 100)
            yield _entry(at, order, order.lines[case.line], "sales_reversal", loss)


def _receipt(shop: LiveShop, order: Order, line: Line, quantity: int) -> Decimal:
    """Net of fees; one order in fifty is paid 6 % short."""
    gross = sales_amount(line, quantity)
    if shop.profile.is_local:
        gross *= 1 - PLATFORM_FEE - PAYMENT_FEE
    return half_away(gross * (Decimal("0.94") if _dice(order, 50) == 1 else 1))


def _entry(closed: int, order: Order, line: Line, line_type: str, amount: Decimal) -> Entry:
    return Entry(closed, order.sn, line.order_sn, line_type, line.listing.product_sku_id, amount)


def _next_closing(instant: int) -> int:
    """The first Thursday 04:00 UTC at or after `instant` (1970-01-01 was a Thursday)."""
    return -(-(instant - _CLOSING) // _WEEK) * _WEEK + _CLOSING


def _statement_sn(shop: LiveShop, closed: int) -> str:
    year, week, _ = datetime.fromtimestamp(closed, UTC).isocalendar()
    return f"ST-{shop.profile.mall_id}-{year}W{week:02d}"


def _dice(order: Order, sides: int) -> int:
    return (int(order.sn[7:]) // 100 * 2_654_435_761) % 4_294_967_291 % sides
