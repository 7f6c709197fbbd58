"""What a staged value says (rules N and T4): text, codes, currencies, numbers, instants.

Nothing here knows a table. The oracle is written from the specification alone and shares no code with the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Rows = list[Row]

REPORTING_ZONE = ZoneInfo("Asia/Shanghai")
_NOTHING = {"", "nan", "none", "null", "--", "n/a"}
_PLACEHOLDERS = {"1", "1PC", "1PCS", "RANDOM", "RANDOM 1PC", "RANDOM 1PCS"}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def text(value: object) -> str | None:
    """N1: trimmed; NULL when it says nothing."""
    if value is None:
        return None
    trimmed = str(value).strip()
    return None if trimmed.lower() in _NOTHING else trimmed


def seller_code(value: object) -> str | None:
    """N2: upper case; NULL when it is a placeholder."""
    found = text(value)
    return None if found is None or found.upper() in _PLACEHOLDERS else found.upper()


def currency(value: object) -> str | None:
    """N3: upper case, CNY for its other names; never a default."""
    found = text(value)
    if found is None:
        return None
    return "CNY" if found.upper() in ("RMB", "CNH") else found.upper()


def number(value: object) -> Decimal | None:
    """N1 for numbers that may arrive as text."""
    found = text(value)
    return None if found is None else Decimal(found)


def whole(value: object) -> int | None:
    """A count."""
    found = number(value)
    return None if found is None else int(found)


def business_instant(value: object) -> datetime | None:
    """T4: a naive business time is Beijing's; the result is UTC."""
    return _instant(value, REPORTING_ZONE)


def audit_instant(value: object) -> datetime | None:
    """T4: a naive audit time is UTC."""
    return _instant(value, UTC)


def _instant(value: object, zone: ZoneInfo | object) -> datetime | None:
    if value is None:
        return None
    assert isinstance(value, datetime)
    aware = value if value.tzinfo else value.replace(tzinfo=zone)
    return aware.astimezone(UTC)


def lowest_if_unknown(value: datetime | None) -> datetime:
    """For `greatest …` rules: an unknown instant is never the greatest."""
    return value or _LONG_AGO


def round_half_away(value: Decimal, places: int) -> Decimal:
    """The one way to round: half away from zero."""
    with localcontext(Context(prec=80)):
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def cents(value: Decimal | None) -> Decimal | None:
    """A CNY amount at the moment it is produced."""
    return None if value is None else round_half_away(value, 2)


def ratio(part: Decimal | int | None, whole_: Decimal | int | None, places: int = 4) -> Decimal | None:
    """Chapter 2: from summed amounts, rounded once; NULL for an unknown part or an empty whole."""
    if part is None or not whole_:
        return None
    with localcontext(Context(prec=80)):
        return round_half_away(Decimal(part) / Decimal(whole_), places)


def product(*factors: Decimal | int | None) -> Decimal | None:
    """Exact product; unknown if any factor is."""
    result = Decimal(1)
    with localcontext(Context(prec=80)):
        for factor in factors:
            if factor is None:
                return None
            result *= factor
        return result


def known_sum(values: Iterable[Decimal | None]) -> Decimal:
    """Chapter 2: sums skip NULL."""
    return sum((value for value in values if value is not None), Decimal(0))


def grouped(rows: Iterable[Row], key: Callable[[Row], object]) -> dict[object, Rows]:
    """Rows by key, in order of arrival."""
    groups: dict[object, Rows] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def newest(rows: Iterable[Row], key: Callable[[Row], object], rank: Callable[[Row], object]) -> Rows:
    """One row per key: the one of the greatest rank."""
    return [max(group, key=rank) for group in grouped(rows, key).values()]


def day_in(zone: ZoneInfo, instant: datetime) -> date:
    """Calendar date of an instant in a zone."""
    return instant.astimezone(zone).date()


def covers(row: Mapping[str, object], moment: date | datetime) -> bool:
    """Half-open validity `[effective_from, effective_to)`; an unknown end is open."""
    begins, ends = row["effective_from"], row["effective_to"]
    return begins is not None and begins <= moment and (ends is None or moment < ends)
