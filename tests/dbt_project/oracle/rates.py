"""Rates valid on a day: exchange (F) and fees (E)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.dbt_project.oracle.reading import Row, Rows, covers, currency, grouped, number, text


class Exchange:
    """CNY per unit of a currency."""

    def __init__(self, staged: Rows) -> None:
        to_cny = [row for row in staged if currency(row["quote_currency"]) == "CNY"]
        self._rows = grouped(to_cny, lambda r: currency(r["base_currency"]))

    def rate(self, base: str | None, day: date | None) -> Decimal | None:
        """F: 1 for CNY, else the valid row of the latest start; no inverse, no cross, no default."""
        if base == "CNY":
            return Decimal(1)
        valid = [row for row in self._rows.get(base, []) if base and day and covers(row, day)]
        return number(max(valid, key=_start)["rate"]) if valid else None


class Fees:
    """Share of an amount that the platform keeps."""

    def __init__(self, staged: Rows) -> None:
        self._rows = grouped(staged, lambda r: (text(r["fee_type"]), r["shop_id"]))

    def rate(self, kind: str, shop_id: object, day: date) -> Decimal:
        """E: the shop's own row before the one for all shops, then the latest start, then the highest id; else 0."""
        for owner in (shop_id, None):
            valid = [row for row in self._rows.get((kind, owner), []) if covers(row, day)]
            if valid:
                best = max(valid, key=lambda r: (r["effective_from"], r["id"]))
                return number(best["rate"]) or Decimal(0)
        return Decimal(0)


def _start(row: Row) -> date:
    return row["effective_from"]
