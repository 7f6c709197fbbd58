"""`fx_rates.csv`: weekly rates into CNY, half-open, the last one open-ended.

The table reaches up to the Monday of the instant it was written for, so that a copy on disk and the truth agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.spec import WorldSpec, date_of, day_of

_AROUND = {"USD": Decimal("7.0900"), "EUR": Decimal("7.8400"), "GBP": Decimal("9.1200")}
_EARLY_WEEKS = 4


class FxTable:
    """Rates of the world as known at `written_at`."""

    def __init__(self, spec: WorldSpec, written_at: int) -> None:
        self._spec = spec
        first = date_of(spec.opening) - timedelta(weeks=_EARLY_WEEKS)
        self._first = first - timedelta(days=first.weekday())
        last = date_of(max(day_of(written_at), spec.opening))
        self._last = last - timedelta(days=last.weekday())
        self._weekly = cache(self._draw)

    def rate(self, currency: str, day: date) -> Decimal:
        """CNY per unit on a business day (rule F); days before the table have no rate."""
        if currency == "CNY":
            return Decimal(1)
        if day < self._first:
            raise LookupError(f"no FX rate for {currency} on {day}")
        monday = min(day - timedelta(days=day.weekday()), self._last)
        return self._weekly(currency, monday)

    def rows(self) -> Iterator[tuple[object, ...]]:
        """base, quote, rate, effective_from, effective_to."""
        for currency in _AROUND:
            monday = self._first
            while monday <= self._last:
                following = monday + timedelta(days=7)
                end = following.isoformat() if following <= self._last else ""
                yield currency, "CNY", self._weekly(currency, monday), monday.isoformat(), end
                monday = following

    def _draw(self, currency: str, monday: date) -> Decimal:
        """Within 2 % of the middle, so no week jumps by more than a few percent."""
        wobble = self._spec.rng("fx", currency, monday.toordinal() * DAY).uniform(-0.012, 0.012)
        return (_AROUND[currency] * (1 + Decimal(f"{wobble:.6f}"))).quantize(Decimal("0.0001"))
