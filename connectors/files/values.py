"""Cells to values: each parser takes trimmed, non-empty text and returns one exactly typed value or says why not.

Belongs here: pure functions of one cell. Does not belong here: which column has which type (`tables`), rules between
cells (`rows`), and any guess: a text with two possible readings, such as 1/5/2026, is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.completeness.days import BUSINESS_ZONE

Parser = Callable[[str], object]

_BUSINESS_ZONE = ZoneInfo(BUSINESS_ZONE)
"""Zone of naive business timestamps (T4)."""

_NOTHING = frozenset({"", "nan", "none", "null", "--", "n/a"})
_INVISIBLE = "\u200b\u200e\u200f\ufeff"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FORMULA_ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"})
_NUMBER = re.compile(r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
_SHORTENED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]{2,}")
_DAY = re.compile(r"([0-9]{4})([-/.]|年)([0-9]{1,2})(?:\2|月)([0-9]{1,2})日?")
_COMPACT_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})(?:[-/.]|年)([0-9]{1,2})月?")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?)?")
_ZONE = re.compile(r"(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})$", re.IGNORECASE)
_YEARS = range(2000, 2200)
_MOST_DIGITS = 40

_CURRENCY_WORDS = {
    "RMB": "CNY",
    "CNH": "CNY",
    "人民币": "CNY",
    "美元": "USD",
    "欧元": "EUR",
    "英镑": "GBP",
    "日元": "JPY",
}


class UnreadableValueError(ValueError):
    """A cell that cannot be typed. `code` is stable and counted; the message tells a person what was expected."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def trim(cell: str | None) -> str | None:
    """Rule N1: trimmed text; empty, `nan`, `none`, `null`, `--` and `n/a` in any case are None."""
    if cell is None:
        return None
    text = cell.strip().strip(_INVISIBLE).strip()
    return None if text.casefold() in _NOTHING else text


def plain(text: str) -> str:
    """Full-width digits, signs and letters as their ordinary forms."""
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()


def parse_text(text: str) -> str:
    """The text as written; formula errors and characters that no spreadsheet shows are refused."""
    if text.upper() in _FORMULA_ERRORS:
        raise UnreadableValueError("formula_error", f"{text} is the error of a formula")
    if _CONTROL.search(text) or any("\ud800" <= c <= "\udfff" for c in text):
        raise UnreadableValueError("unprintable", "holds a character that cannot be displayed")
    return text


def parse_code(text: str) -> str:
    """A SKU code or order number as written (N4); a long number that a spreadsheet shortened (6.34E+14) is refused."""
    if _SHORTENED.fullmatch(text):
        raise UnreadableValueError(
            "damaged_number", f"{text} is a long number shortened by a spreadsheet: format the column as text"
        )
    return parse_text(text)


def parse_decimal(text: str) -> Decimal:
    """An exact number: 1234.5, 1,234.50, full-width digits, -3, 1.2E-5. Never a float."""
    number = plain(text)
    found = _NUMBER.fullmatch(number)
    if not found or not (found[2] or found[3]):
        raise UnreadableValueError("not_a_number", f"{text!r} is not a number such as 1234.50 or 1,234.50")
    if len(number) > _MOST_DIGITS:
        raise UnreadableValueError("out_of_range", f"the number has more than {_MOST_DIGITS} digits")
    return Decimal(number.replace(",", ""))


def decimal_between(low: str | None = None, high: str | None = None, *, above: str | None = None) -> Parser:
    """A parser of exact numbers in [low, high], or greater than `above`."""
    lowest, highest, bound = (None if b is None else Decimal(b) for b in (low, high, above))

    def parse(text: str) -> Decimal:
        value = parse_decimal(text)
        if lowest is not None and value < lowest:
            raise UnreadableValueError("out_of_range", f"{value} is less than {lowest}")
        if highest is not None and value > highest:
            raise UnreadableValueError("out_of_range", f"{value} is more than {highest}")
        if bound is not None and value <= bound:
            raise UnreadableValueError("out_of_range", f"{value} must be greater than {bound}")
        return value

    return parse


def parse_fraction(text: str) -> Decimal:
    """A fee rate from 0 to 0.5, written as a fraction (0.03) or as a percentage (3%)."""
    written = plain(text)
    value = parse_decimal(written.removesuffix("%").rstrip())
    if written.endswith("%"):
        value = value.scaleb(-2)
    if not 0 <= value <= Decimal("0.5"):
        raise UnreadableValueError("out_of_range", f"{value} is not between 0 and 0.5: 3 % is written 0.03 or 3%")
    return value


def integer_between(low: int, high: int) -> Parser:
    """A parser of whole numbers in [low, high]; 12.0, as spreadsheets export them, is whole too."""

    def parse(text: str) -> int:
        parse_code(plain(text))
        value = parse_decimal(text)
        if value != value.to_integral_value():
            raise UnreadableValueError("not_an_integer", f"{text!r} is not a whole number")
        if not low <= value <= high:
            raise UnreadableValueError("out_of_range", f"{text!r} is not between {low} and {high}")
        return int(value)

    return parse


def parse_date(text: str) -> date:
    """A day: 2026-11-05, 2026/11/5, 2026.11.05, 20261105, 2026年11月5日; a spreadsheet's midnight may follow."""
    day, rest = _split_day(plain(text))
    if rest and _clock(rest, text) != time(0):
        raise UnreadableValueError("not_a_date", f"{text!r} has a time of day; a date such as 2026-11-05 is expected")
    return day


def parse_month(text: str) -> date:
    """The first day of a month: 2026-11, 2026年11月 or its first day written in full."""
    month = _MONTH.fullmatch(plain(text))
    if month:
        return _day(int(month[1]), int(month[2]), 1, text)
    day = parse_date(text)
    if day.day != 1:
        raise UnreadableValueError("out_of_range", f"{text!r} is not the first day of a month")
    return day


def parse_instant(text: str) -> datetime:
    """An aware instant; without a zone it is Beijing time (T4), without a time of day it is midnight."""
    written = plain(text)
    zone = _ZONE.search(written)
    # A date alone such as 2026-11-05 ends like the offset -1105 would; only a clock can carry a zone.
    has_zone = zone is not None and ":" in written[: zone.start()]
    day, rest = _split_day(written[: zone.start()] if zone and has_zone else written)
    naive = datetime.combine(day, _clock(rest, text) if rest else time(0))
    if not zone or not has_zone:
        return naive.replace(tzinfo=_BUSINESS_ZONE)
    offset = "+00:00" if zone[0].upper() in ("Z", "UTC") else zone[0]
    try:
        return datetime.fromisoformat(naive.isoformat() + offset)
    except ValueError:
        raise UnreadableValueError("not_a_timestamp", f"{text!r} has no real offset from UTC") from None


def parse_currency(text: str) -> str:
    """Rule N3: three letters, upper case; RMB and CNH are CNY."""
    word = plain(text).upper()
    currency = _CURRENCY_WORDS.get(word, word)
    if not re.fullmatch("[A-Z]{3}", currency):
        raise UnreadableValueError("not_a_currency", f"{text!r} is not a three-letter currency such as CNY")
    return currency


def folded(word: str) -> str:
    """A word as people may also write it: in any case and width, with spaces or hyphens for underscores."""
    return plain(word).casefold().replace(" ", "_").replace("-", "_")


def one_of(values: Mapping[str, str]) -> Parser:
    """A parser of a closed list: the canonical words and their other spellings, `folded`."""
    known = {folded(spelling): word for key, word in values.items() for spelling in (key, word)}

    def parse(text: str) -> str:
        word = known.get(folded(text))
        if word is None:
            expected = ", ".join(sorted(set(values.values())))
            raise UnreadableValueError("unknown_value", f"{text!r} is none of: {expected}")
        return word

    return parse


def _split_day(text: str) -> tuple[date, str]:
    found = _DAY.match(text) or _COMPACT_DAY.match(text)
    rest = text[found.end() :] if found else ""
    if not found or (rest and rest[0] not in "T "):
        raise UnreadableValueError("not_a_date", f"{text!r} is not a date such as 2026-11-05")
    year, month, day = (int(found[i]) for i in ((1, 3, 4) if found.re is _DAY else (1, 2, 3)))
    return _day(year, month, day, text), rest[1:].strip()


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        value = date(year, month, day)
    except ValueError:
        raise UnreadableValueError("not_a_date", f"{text!r} is not a day of the calendar") from None
    if year not in _YEARS:
        raise UnreadableValueError("out_of_range", f"{text!r} is not between {_YEARS.start} and {_YEARS.stop - 1}")
    return value


def _clock(rest: str, text: str) -> time:
    found = _CLOCK.fullmatch(rest)
    try:
        if found:
            micros = int((found[4] or "").ljust(6, "0"))
            return time(int(found[1]), int(found[2]), int(found[3] or 0), micros)
    except ValueError:
        pass  # an impossible hour or minute is reported like any other unreadable clock
    raise UnreadableValueError("not_a_timestamp", f"{text!r} is not a time such as 2026-11-05 14:30")
