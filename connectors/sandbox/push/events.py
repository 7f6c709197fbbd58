"""Which events a stretch of time brings: changed orders, moved cases, cancellations, new addresses (API section 16.5).

Belongs here: the messages. Does not belong here: sealing and delivery.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.operations.aftersales import cancel_sn
from connectors.sandbox.world.lifecycle import Event, Kind, Order, state_at
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.world import World

ORDER_STATUS = "bg_order_status_change_event"
ADDRESS_CHANGED = "bg_trade_logistics_address_changed"
AFTER_SALES = "bg_aftersales_status_change"
CANCELLATION = "bg_cancel_order_status_change"
TEST_EVENT = "bg_open_event_test"
_CANCELS = (Kind.CANCELED_PENDING, Kind.CANCELED, Kind.UNITS_CANCELED)
_STATUS_MOVES = (Kind.PLACED, Kind.CONFIRMED, Kind.SHIPPED, Kind.DELIVERED, *_CANCELS, Kind.LOST)
_EVERY_NTH_BUYER_MOVES = 25
_BUYER = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One event of a shop at an instant (epoch seconds)."""

    at: int
    code: str
    gateway: str
    mall_id: int
    body: dict[str, Any]


def messages_between(world: World, start: int, end: int) -> list[Message]:
    """Everything that happened in `(start, end]`, in order of time; `end` must not lie after the world's now."""
    found = [
        message
        for shop in world.shops
        for order in _touched(shop, start)
        for message in _messages(shop, order)
        if start < message.at <= end
    ]
    return sorted(found, key=lambda message: (message.at, message.code, str(message.body)))


def latest_messages(world: World, count: int, now: int) -> list[Message]:
    """The last `count` status changes up to `now`, oldest first."""
    found: list[Message] = []
    for shop in world.shops:
        keys = shop.book.updated_between(0, now)[-count:] if count > 0 else []
        found += [_status(shop, shop.book.by_sn[sn], at) for at, sn in keys]
    return sorted(found, key=lambda message: (message.at, message.mall_id, str(message.body)))[-count:]


def _touched(shop: LiveShop, start: int) -> Iterator[Order]:
    """Orders whose last change is younger than `start`; an order that changed in the span cannot be older."""
    for _, sn in shop.book.updated_between(start + 1, shop.book.now):
        yield shop.book.by_sn[sn]
    for order, case in shop.cases.values():
        step = case.step_at(shop.book.now)
        if step and step[0] > start and shop.book.updated_at(order) <= start:
            yield order


def _messages(shop: LiveShop, order: Order) -> Iterator[Message]:
    for event in order.events:
        if event.kind in _STATUS_MOVES:
            yield _status(shop, order, event.at)
        if event.kind in _CANCELS:
            yield _message(shop, CANCELLATION, event.at, _cancellation(order, event))
        if event.kind is Kind.CONFIRMED and int(order.sn[-6:]) % _EVERY_NTH_BUYER_MOVES == 0:
            yield _message(shop, ADDRESS_CHANGED, event.at + 60, {"parentOrderSn": order.sn})
    for case in order.cases:
        for at, status in case.steps:
            body = {"afterSalesType": case.kind, **_case(order, case.sn, status, at)}
            yield _message(shop, AFTER_SALES, at, body)


def _status(shop: LiveShop, order: Order, at: int) -> Message:
    state = state_at(order, at)
    line = next((i for event in order.events if event.at == at for i in event.lines), 0)
    body = {
        "parentOrderSn": order.sn,
        "orderSn": order.lines[line].order_sn,
        "orderStatus": state.lines[line].status,
        "updateTime": at,
    }
    return _message(shop, ORDER_STATUS, at, body)


def _cancellation(order: Order, event: Event) -> dict[str, Any]:
    return _case(order, cancel_sn(order, event), 5, event.at)


def _case(order: Order, sn: str, status: int, at: int) -> dict[str, Any]:
    return {
        "parentAfterSalesSn": sn,
        "parentOrderSn": order.sn,
        "parentAfterSalesStatus": status,
        "updateAt": at * 1000,
        "applyOperatorRole": _BUYER,
    }


def _message(shop: LiveShop, code: str, at: int, body: dict[str, Any]) -> Message:
    mall_id = shop.profile.mall_id
    return Message(at, code, shop.profile.gateway, mall_id, {"mallId": mall_id, **body})
