"""The money of an order, in integers of minor units: list prices, discounts, refunds, the seller's loss.

Belongs here: the sums of API section 9.1. Does not belong here: their wire form.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connectors.sandbox.world.aftersales import Refund
from connectors.sandbox.world.lifecycle import Line, Order, OrderState, state_at


@dataclass(frozen=True, slots=True)
class Amounts:
    """Totals of one parent order at one instant; minor units."""

    base: int
    shipping: int
    tax: int
    seller_discount: int
    temu_discount: int
    refunds: int
    deduction: int
    retail: int
    sign_on_delivery: int | None

    @property
    def estimated_revenue(self) -> int:
        """What the seller may expect."""
        return self.base + self.shipping - self.deduction + (self.sign_on_delivery or 0)

    @property
    def customer_paid(self) -> int:
        """What the buyer has paid and not got back."""
        discount = self.seller_discount + self.temu_discount
        return self.retail + self.shipping + self.tax - self.refunds + (self.sign_on_delivery or 0) - discount


def part(amount: int, units: int, of: int) -> int:
    """Share of `amount` that belongs to `units` of `of` units, rounded half up."""
    return (2 * amount * units + of) // (2 * of)


def refund_of(line: Line, units: int, *, percent: int = 100, seller_percent: int = 100) -> Refund:
    """Refund for `units` of a line: `percent` of their price, of which the seller bears `seller_percent`."""
    share = units * percent
    return Refund(
        retail=part(line.unit_retail * line.ordered, share, line.ordered * 100),
        tax=part(line.tax, share, line.ordered * 100),
        shipping=0,
        seller_discount=part(line.seller_discount, share, line.ordered * 100),
        temu_discount=part(line.temu_discount, share, line.ordered * 100),
        seller_loss=part(line.unit_base * units, percent * seller_percent, 10_000),
    )


def amounts_at(order: Order, instant: int) -> Amounts:
    """Totals at `instant`; totals keep cancelled lines, which come off through the deduction (API section 9.1)."""
    state = state_at(order, instant)
    base = sum(line.unit_base * line.ordered for line in order.lines)
    retail = sum(line.unit_retail * line.ordered for line in order.lines)
    shipping, tax = sum(line.shipping for line in order.lines), sum(line.tax for line in order.lines)
    seller, temu = sum(line.seller_discount for line in order.lines), sum(line.temu_discount for line in order.lines)
    if state.status == 3:
        paid = retail + shipping + tax - seller - temu
        sign = None if order.sign_on_delivery is None else 0
        return Amounts(base, shipping, tax, seller, temu, paid, base + shipping, retail, sign)
    refunds, deduction = _given_back(order, state, instant)
    return Amounts(base, shipping, tax, seller, temu, refunds, deduction, retail, order.sign_on_delivery)


def _given_back(order: Order, state: OrderState, instant: int) -> tuple[int, int]:
    refunds = deduction = 0
    for line, now in zip(order.lines, state.lines, strict=True):
        canceled = line.ordered - now.quantity
        if canceled:
            back = refund_of(line, canceled)
            refunds, deduction = refunds + back.buyer_total, deduction + back.seller_loss
    for case in order.cases:
        if case.is_refunded_at(instant):
            refunds, deduction = refunds + case.refund.buyer_total, deduction + case.refund.seller_loss
    return refunds, deduction


def half_away(value: Decimal, places: str = "0.01") -> Decimal:
    """Round half away from zero (domain.md chapter 2)."""
    return value.quantize(Decimal(places), ROUND_HALF_UP)


def sales_amount(line: Line, quantity: int) -> Decimal:
    """Domain §3.6 `total_price`: (base − seller discount) × quantity ÷ ordered, in major units."""
    net = Decimal(line.unit_base * line.ordered - line.seller_discount)
    return half_away(net * quantity / line.ordered / 100)
