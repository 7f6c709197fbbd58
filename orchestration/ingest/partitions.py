"""How raw data is cut into cells that can be read and repeated on their own.

Belongs here: shops, days, shop × day, and the translation between their keys and windows of time.
A day is a UTC day of the source's *update* time (domain rule T: business days are a matter of dbt).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from dagster import DailyPartitionsDefinition, DynamicPartitionsDefinition, MultiPartitionsDefinition

from connectors.records import Window
from orchestration.names import SHOPS_PARTITIONS

FIRST_DAY = date(2025, 1, 1)
"""Oldest day that can be back-filled from the UI; `omni sync --from` reaches further."""

shops = DynamicPartitionsDefinition(name=SHOPS_PARTITIONS)
days = DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC", end_offset=1)
shop_days = MultiPartitionsDefinition({"day": days, "shop": shops})

_UNUSABLE = ("|", ",", "...", "[", "]", "\a", "\b", "\f", "\n", "\r", "\t", "\v", "\0")


def shop_key(shop_name: str, temu_shop_id: int) -> str:
    """The partition key of a shop: its name, or its mall id where the name holds signs that partition keys reserve."""
    usable = bool(shop_name.strip()) and not any(sign in shop_name for sign in _UNUSABLE)
    return shop_name if usable else str(temu_shop_id)


def cell_key(day: date, shop: str) -> str:
    """The partition key of a shop × day cell: dimensions in alphabetical order."""
    return f"{day.isoformat()}|{shop}"


def parse_cell(key: str) -> tuple[date, str]:
    """Day and shop of a cell key."""
    day, shop = key.split("|", maxsplit=1)
    return date.fromisoformat(day), shop


def windows_of(cells: Iterable[tuple[date, str]]) -> dict[Window, list[str]]:
    """Shops to read per window, so that the windows cover exactly the given cells.

    Neighbouring days of a shop become one window; shops with the same window are read together.
    """
    days_of_shop: dict[str, set[date]] = defaultdict(set)
    for day, shop in cells:
        days_of_shop[shop].add(day)
    shops_of_window: dict[Window, list[str]] = defaultdict(list)
    for shop in sorted(days_of_shop):
        for window in _merge(days_of_shop[shop]):
            shops_of_window[window].append(shop)
    return dict(sorted(shops_of_window.items()))


def _merge(separate: set[date]) -> Iterator[Window]:
    start = end = None
    for day in sorted(separate):
        if day != end:
            if start is not None and end is not None:
                yield Window(Window.of_day(start).start, Window.of_day(end).start)
            start = day
        end = day + timedelta(days=1)
    if start is not None and end is not None:
        yield Window(Window.of_day(start).start, Window.of_day(end).start)


def days_read(window: Window) -> list[date]:
    """UTC days that a window completes: all it touches, without a first day of which it reads only the evening.

    A live window that begins in the middle of a day was preceded by others, or is the first load, which does not know
    what came before. A window within one day counts for that day.
    """
    if window.seconds == 0:
        return [window.start.date()]
    touched = [piece.start.date() for piece in window.days()]
    begins_late = window.start != Window.of_day(touched[0]).start
    return touched[1:] if begins_late and len(touched) > 1 else touched
