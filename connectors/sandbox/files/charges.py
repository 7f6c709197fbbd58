"""`order_charges.csv`: freight, labels, penalties, subsidies of real parent orders.

Amounts are positive; whether a type is cost or income follows from its name (domain §3.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.sandbox.files.days import business_date
from connectors.sandbox.world.lifecycle import SHIP_WITHIN, Event, Kind, Order
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.world import World

COLUMNS = ("shop", "parent_order_sn", "charge_type", "amount", "currency", "charge_date")

_FREIGHT_CURRENCY = {"CNY": "USD"}
LATE_SHIPMENT_CNY = Decimal("35.00")
OUT_OF_STOCK_CNY = Decimal("20.00")
_Charge = tuple[str, Decimal, str, int]


def charge_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """Everything charged up to `now`, in order of shop and order."""
    for shop in world.shops:
        for order in shop.book.by_sn.values():
            if order.placed <= now:
                for kind, amount, currency, at in _charges(shop, order):
                    if at <= now:
                        yield shop.profile.name, order.sn, kind, amount, currency, business_date(at)


def _charges(shop: LiveShop, order: Order) -> Iterator[_Charge]:
    shipments = [event for event in order.events if event.kind is Kind.SHIPPED]
    for event in shipments[:1]:
        yield from _freight(shop, order, event, parcels=len(shipments))
        if event.at > order.placed + SHIP_WITHIN:
            yield "penalty", LATE_SHIPMENT_CNY, "CNY", event.at + 86_400
    for event in order.events:
        if event.seller_fault:
            yield "penalty", OUT_OF_STOCK_CNY, "CNY", event.at + 86_400
    yield from _income(shop, order)


def _freight(shop: LiveShop, order: Order, shipped: Event, *, parcels: int) -> Iterator[_Charge]:
    units = sum(line.ordered for line in order.lines)
    currency = _FREIGHT_CURRENCY.get(shop.profile.currency, shop.profile.currency)
    yield "first_mile", Decimal("2.80") * units, "CNY", shipped.at
    yield "last_mile", Decimal("1.35") * parcels + Decimal("0.22") * units, currency, shipped.at
    if int(order.sn[-5]) % 3 == 0:
        yield "label", Decimal("0.45") * parcels, currency, shipped.at


def _income(shop: LiveShop, order: Order) -> Iterator[_Charge]:
    shipping = sum(line.shipping for line in order.lines)
    delivered = [event.at for event in order.events if event.kind is Kind.DELIVERED]
    if shop.profile.is_local and shipping and delivered:
        yield "freight_income", Decimal(shipping) / 100, shop.profile.currency, delivered[0]
    for case in order.cases:
        if case.refunded_at and case.refund.seller_loss == 0:
            yield (
                "subsidy",
                Decimal("2.00"),
                _FREIGHT_CURRENCY.get(shop.profile.currency, shop.profile.currency),
                case.refunded_at,
            )
