"""Writes the script of one order: when it is confirmed, cancelled, shipped, delivered, disputed.

Belongs here: chances and durations. Does not belong here: what the events mean (see `lifecycle`).
"""

from __future__ import annotations

from random import Random

from connectors.sandbox.world import aftersales
from connectors.sandbox.world.aftersales import Case
from connectors.sandbox.world.lifecycle import SHIP_WITHIN, Event, Kind, Line
from connectors.sandbox.world.money import refund_of
from connectors.sandbox.world.shops import DAY

HOUR = 3600
MINUTE = 60


class ScriptWriter:
    """Rolls the dice for one order; every event comes at least a minute after the one before."""

    def __init__(
        self, rng: Random, placed: int, lines: tuple[Line, ...], *, is_local: bool, refunds_move: bool
    ) -> None:
        self._rng = rng
        self._placed = placed
        self._lines = lines
        self._is_local = is_local
        self._refunds_move = refunds_move
        self._events = [Event(placed, Kind.PLACED, tuple(range(len(lines))))]
        self._canceled = [0] * len(lines)
        self.cases: list[Case] = []

    def write(self, case_sn: str) -> tuple[Event, ...]:
        """The whole script, in order of time; after-sales cases are collected in `cases`."""
        if self._pass_pending() and not self._cancel_before_shipment():
            for group in self._shipments():
                self._ship_and_deliver(group)
            self._dispute(case_sn)
        self._events.sort(key=lambda event: event.at)
        return tuple(self._events)

    def _add(self, at: int, kind: Kind, lines: tuple[int, ...], units: int = 0, *, seller_fault: bool = False) -> int:
        taken = {event.at for event in self._events}
        while at in taken:
            at += 1
        self._events.append(Event(at, kind, lines, units, seller_fault))
        return at

    def _last(self) -> int:
        return max(event.at for event in self._events)

    def _living(self) -> tuple[int, ...]:
        return tuple(i for i, line in enumerate(self._lines) if self._canceled[i] < line.ordered)

    def _pass_pending(self) -> bool:
        """Pending lasts about an hour, rarely half a day; some buyers change their mind in it."""
        wait = 30 * MINUTE + int(self._rng.expovariate(1 / (35 * MINUTE)))
        if self._rng.random() < 0.02:
            wait += self._rng.randrange(5 * HOUR, 14 * HOUR)
        if self._rng.random() < 0.015:
            self._add(self._placed + wait - 10 * MINUTE, Kind.CANCELED_PENDING, self._living())
            return False
        self._add(self._placed + wait, Kind.CONFIRMED, self._living())
        return True

    def _cancel_before_shipment(self) -> bool:
        """Whole orders (buyer, or seller out of stock), single lines or units. True = nothing is left to ship."""
        confirmed = self._last()
        at = confirmed + self._rng.randrange(HOUR, 9 * HOUR)
        dice = self._rng.random()
        if dice < 0.03:
            self._add(at, Kind.CANCELED, self._living(), seller_fault=dice < 0.008)
            return True
        for index, line in enumerate(self._lines):
            self._cancel_part(at, index, line)
        return not self._living()

    def _cancel_part(self, at: int, index: int, line: Line) -> None:
        if line.ordered > 1 and self._rng.random() < 0.06:
            units = self._rng.randrange(1, line.ordered)
            self._add(at, Kind.UNITS_CANCELED, (index,), units)
            self._canceled[index] = units
        elif len(self._living()) > 1 and self._rng.random() < 0.025:
            self._add(at, Kind.CANCELED, (index,))
            self._canceled[index] = line.ordered

    def _shipments(self) -> list[tuple[int, ...]]:
        """Semi-managed parents travel as one; local ones with several lines split now and then (41, 51)."""
        living = self._living()
        if self._is_local and len(living) > 1 and self._rng.random() < 0.3:
            return [living[:1], living[1:]]
        return [living]

    def _ship_and_deliver(self, group: tuple[int, ...]) -> None:
        first = not any(event.kind is Kind.SHIPPED for event in self._events)
        shipped = self._add(self._ship_time(first=first), Kind.SHIPPED, group)
        dice = self._rng.random()
        if dice < 0.006:
            self._add(shipped + self._rng.randrange(12 * DAY, 20 * DAY), Kind.LOST, group)
        elif dice > 0.012:  # a few parcels simply never arrive
            self._deliver(shipped, group)

    def _ship_time(self, *, first: bool) -> int:
        if not first:
            return self._last_shipment() + self._rng.randrange(5 * HOUR, 40 * HOUR)
        if self._rng.random() < 0.06:
            return self._placed + SHIP_WITHIN + self._rng.randrange(2 * HOUR, 40 * HOUR)
        after_cancels = max(event.at for event in self._events if event.kind is not Kind.PLACED)
        return after_cancels + 2 * HOUR + min(int(self._rng.expovariate(1 / (16 * HOUR))), 45 * HOUR)

    def _last_shipment(self) -> int:
        return max(event.at for event in self._events if event.kind is Kind.SHIPPED)

    def _deliver(self, shipped: int, group: tuple[int, ...]) -> None:
        at = shipped + int(self._rng.triangular(2 * DAY, 10 * DAY, 4 * DAY))
        if self._is_local and len(group) > 1 and self._rng.random() < 0.25:
            self._add(at, Kind.DELIVERED, group[:1])
            self._add(at + self._rng.randrange(6 * HOUR, 2 * DAY), Kind.DELIVERED, group[1:])
        else:
            self._add(at, Kind.DELIVERED, group)

    def _dispute(self, case_sn: str) -> None:
        for event in [event for event in self._events if event.kind is Kind.DELIVERED]:
            for index in event.lines:
                if self._rng.random() < 0.06:
                    self.cases.append(self._open_case(f"{case_sn}{len(self.cases) + 1:02d}", index, event.at))

    def _open_case(self, sn: str, index: int, delivered: int) -> Case:
        rng, line = self._rng, self._lines[index]
        left = line.ordered - self._canceled[index]
        units = rng.randrange(1, left + 1)
        kind = aftersales.RETURN_AND_REFUND if rng.random() < 0.45 else aftersales.REFUND_ONLY
        percent = rng.choice((100, 100, 50, 30)) if kind == aftersales.REFUND_ONLY else 100
        refund = refund_of(line, units, percent=percent, seller_percent=rng.choice((100, 100, 100, 80, 0)))
        steps = self._steps(kind, delivered + rng.randrange(10 * HOUR, 16 * DAY))
        case = Case(sn, index, units, kind, steps, refund, rng.choice(aftersales.REASONS))
        if case.refunded_at and self._refunds_move:
            self._add(case.refunded_at, Kind.CASE, ())
        return case

    def _steps(self, kind: int, asked: int) -> tuple[tuple[int, int], ...]:
        rng, steps = self._rng, [(asked, aftersales.REQUESTED)]
        dice = rng.random()
        answer = asked + rng.randrange(3 * HOUR, 2 * DAY)
        if dice < 0.10:
            return (*steps, (answer, aftersales.REFUSED))
        if dice < 0.18:
            return (*steps, (answer, aftersales.WITHDRAWN))
        if kind == aftersales.RETURN_AND_REFUND:
            sent = answer + rng.randrange(DAY, 4 * DAY)
            answer = sent + rng.randrange(3 * DAY, 8 * DAY)
            steps += [(sent, aftersales.PARCEL_SENT), (answer, aftersales.PARCEL_RECEIVED)]
        return (
            *steps,
            (answer + HOUR, aftersales.REFUNDING),
            (answer + rng.randrange(3 * HOUR, 2 * DAY), aftersales.REFUNDED),
        )
