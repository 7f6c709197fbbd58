"""Parcels: which lines of an order travel together, and what the carrier's scanners see on the way.

Belongs here: journeys that agree with the order's script – shipped, delivered, cancelled on the way – and add what only
a carrier knows: exceptions, silence, loss. A parcel's dice are its own, so the orders of a world do not depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from connectors.sandbox.world.carriers import Carrier, carriers_in
from connectors.sandbox.world.lifecycle import Kind, Order
from connectors.sandbox.world.shops import DAY

HOUR = 3600
LOST, RETURNED = "Carrier accepted the claimed of Missing Parcel", "The undelivered package is returned and delivered"


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scanner saw, in the words of API section 12."""

    at: int
    word: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A package from label to end. `lines` are indexes; `number` None = the carrier never said one."""

    sn: str
    number: str | None
    carrier: Carrier
    lines: tuple[int, ...]
    labelled_at: int
    shipped_at: int
    scans: tuple[Scan, ...]

    def scans_at(self, instant: int) -> tuple[Scan, ...]:
        """What had been seen by `instant`, oldest first."""
        return tuple(scan for scan in self.scans if scan.at <= instant) if self.number else ()


def parcels_of(order: Order, region_id: int) -> tuple[Parcel, ...]:
    """All parcels that the order's script will ever ship, first shipped first."""
    return tuple(_parcel(order, region_id, *journey) for journey in sorted(_journeys(order)))


End = tuple[int, bool]
"""When the script ends a parcel's way, and whether by delivery; (0, False) = it never does."""


def _journeys(order: Order) -> list[tuple[int, End, tuple[int, ...]]]:
    """(shipped at, end, lines): lines that leave one warehouse and arrive together are one parcel."""
    shipped: dict[int, int] = {}
    ends: dict[int, End] = {}
    for event in order.events:
        for line in event.lines:
            if event.kind is Kind.SHIPPED:
                shipped[line] = event.at
            elif event.kind in (Kind.DELIVERED, Kind.LOST):
                ends[line] = (event.at, event.kind is Kind.DELIVERED)
    groups: dict[tuple[int, End, bool], list[int]] = {}
    for line, at in sorted(shipped.items()):
        groups.setdefault((at, ends.get(line, (0, False)), order.lines[line].cooperative), []).append(line)
    return [(at, end, tuple(lines)) for (at, end, _), lines in groups.items()]


def _parcel(order: Order, region_id: int, shipped: int, end: End, lines: tuple[int, ...]) -> Parcel:
    sn = order.lines[lines[0]].package_sn
    rng = Random(f"{order.sn}/{sn}")
    carrier = rng.choice(carriers_in(region_id))
    number = None if rng.random() < 0.012 else f"{carrier.prefix}{rng.randrange(10**11, 10**12)}"
    return Parcel(
        sn=sn, number=number, carrier=carrier, lines=lines, labelled_at=shipped - rng.randrange(HOUR, 2 * HOUR),
        shipped_at=shipped, scans=tuple(sorted(_scans(rng, shipped, end), key=lambda scan: scan.at)),
    )  # fmt: skip


def _scans(rng: Random, shipped: int, end: End) -> list[Scan]:
    """The carrier's first scan comes hours after the seller's "shipped"; until then it does not know the number."""
    first = shipped + rng.randrange(2 * HOUR, 20 * HOUR)
    scans = [Scan(first, "Last Mile Carrier Picked up")]
    at, is_delivered = end
    if is_delivered:
        return scans + _to_the_door(rng, first, at)
    if at:
        return scans + _back_again(first, at)
    scans.append(Scan(first + rng.randrange(DAY, 3 * DAY), "In transit"))
    if rng.random() < 0.5:  # else it stalls: nobody sees it again
        scans.append(Scan(shipped + 25 * DAY, LOST))
    return scans


def _to_the_door(rng: Random, first: int, delivered: int) -> list[Scan]:
    """The carrier's scan precedes the platform's status by up to two hours."""
    door = delivered - rng.randrange(60, 2 * HOUR)
    way = door - first
    scans = [Scan(first + way // 4, "In transit by carrier"), Scan(first + way // 2, "In transit")]
    dice = rng.random()
    if dice < 0.03:
        scans.append(Scan(first + way * 3 // 5, "In transit - Exception"))
    elif dice < 0.06:
        scans.append(Scan(door - DAY // 2, "Attempt Delivery"))
        scans.append(Scan(door - DAY // 2 + 60, "Delivery Exception"))
    scans += [Scan(first + way * 4 // 5, "Arrived at Post Office"), Scan(door - way // 20, "Out for Delivery")]
    return [*scans, Scan(door, "Delivered")]


def _back_again(first: int, canceled: int) -> list[Scan]:
    """Cancelled on its way: refused at the door, carried back."""
    way = canceled - first
    return [
        Scan(first + way // 3, "In transit"),
        Scan(first + way // 2, "Delivery Failure"),
        Scan(first + way * 2 // 3, "Return to sender"),
        Scan(canceled, RETURNED),
    ]
