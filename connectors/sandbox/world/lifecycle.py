"""What happens to an order: its script of dated events, and the state that the events up to an instant add up to.

Belongs here: statuses and quantities over time. Does not belong here: money (see `money`), cases (see `aftersales`).
Status codes are those of API section 8.1.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from connectors.sandbox.world.aftersales import Case
from connectors.sandbox.world.catalogue import Listing

PENDING, TO_SHIP, CANCELED, SHIPPED, DELIVERED = 1, 2, 3, 4, 5
PARTLY_SHIPPED, PARTLY_DELIVERED = 41, 51

SHIP_WITHIN = 72 * 3600
DELIVER_WITHIN = 12 * 86_400


class Kind(Enum):
    """Something that happened to lines of an order; CASE only moves the update time."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    CANCELED_PENDING = "canceled while pending"
    UNITS_CANCELED = "units canceled"
    CANCELED = "canceled before shipment"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    LOST = "canceled after shipment"
    CASE = "after-sales case moved"


@dataclass(frozen=True, slots=True)
class Event:
    """`lines` are indexes into the order's lines; `units` counts only for UNITS_CANCELED."""

    at: int
    kind: Kind
    lines: tuple[int, ...] = ()
    units: int = 0
    seller_fault: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One child order. Money fields are minor units: `unit_*` per unit, the others for all ordered units."""

    order_sn: str
    listing: Listing
    ordered: int
    unit_base: int
    unit_retail: int
    seller_discount: int
    temu_discount: int
    shipping: int
    tax: int
    cooperative: bool
    package_sn: str


@dataclass(slots=True, eq=False)
class Order:
    """One parent order with its whole script; `version_at` tells how much of it has happened."""

    sn: str
    lines: tuple[Line, ...]
    events: tuple[Event, ...]
    cases: tuple[Case, ...]
    sign_on_delivery: int | None
    amounts_ready: int
    times: list[int] = field(default_factory=list)
    rendered: dict[str, tuple[tuple[int, int], bytes]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.times = [event.at for event in self.events]

    @property
    def placed(self) -> int:
        """When the buyer ordered."""
        return self.times[0]

    def version_at(self, instant: int) -> int:
        """Number of events that have happened at `instant`; 0 = not placed yet."""
        return bisect_right(self.times, instant)


@dataclass(slots=True)
class LineState:
    """A child order at one instant."""

    status: int = PENDING
    canceled_before_shipment: int = 0
    quantity: int = 0
    shipped_at: int | None = None
    delivered_at: int | None = None
    canceled_pending: bool = False


@dataclass(slots=True)
class OrderState:
    """A parent order at one instant; times are epoch seconds, None = has not happened."""

    lines: list[LineState]
    updated_at: int
    confirmed_at: int | None = None
    shipped_at: int | None = None

    @property
    def status(self) -> int:
        """Parent status derived from the lines that are not cancelled."""
        return parent_status([line.status for line in self.lines])


def parent_status(statuses: Sequence[int]) -> int:
    """API section 8.1: 41 while some lines wait, 51 while some are on their way, 3 if all are cancelled."""
    living = {status for status in statuses if status != CANCELED}
    if not living:
        return CANCELED
    if len(living) == 1:
        return living.pop()
    return PARTLY_SHIPPED if TO_SHIP in living else PARTLY_DELIVERED


def state_of(order: Order, version: int) -> OrderState:
    """Add up the first `version` (≥ 1) events."""
    lines = [LineState(quantity=line.ordered) for line in order.lines]
    state = OrderState(lines, order.events[version - 1].at)
    for event in order.events[:version]:
        _apply(state, order, event)
    return state


def state_at(order: Order, instant: int) -> OrderState:
    """The order as it stood at `instant`, which must not lie before it was placed."""
    version = order.version_at(instant)
    if version == 0:
        raise ValueError(f"order {order.sn} was placed at {order.placed}, after {instant}")
    return state_of(order, version)


def _apply(state: OrderState, order: Order, event: Event) -> None:
    if event.kind is Kind.CONFIRMED:
        state.confirmed_at = event.at
    if event.kind is Kind.SHIPPED and state.shipped_at is None:
        state.shipped_at = event.at
    for index in event.lines:
        _apply_to_line(state.lines[index], order.lines[index], event)


def _apply_to_line(line: LineState, ordered: Line, event: Event) -> None:
    if event.kind is Kind.CONFIRMED:
        line.status = TO_SHIP
    elif event.kind is Kind.UNITS_CANCELED:
        line.canceled_before_shipment += event.units
        line.quantity -= event.units
    elif event.kind is Kind.SHIPPED:
        line.status, line.shipped_at = SHIPPED, event.at
    elif event.kind is Kind.DELIVERED:
        line.status, line.delivered_at = DELIVERED, event.at
    elif event.kind in (Kind.CANCELED_PENDING, Kind.CANCELED):
        line.status, line.quantity = CANCELED, 0
        line.canceled_before_shipment = ordered.ordered
        line.canceled_pending = event.kind is Kind.CANCELED_PENDING
    elif event.kind is Kind.LOST:
        line.status, line.quantity = CANCELED, 0
