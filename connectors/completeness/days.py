"""Business days: the days in which orders are counted, Asia/Shanghai (rule T2).

Belongs here: from a day to its window of instants and back, and which days are over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.records import Window

BUSINESS_ZONE = "Asia/Shanghai"
_ZONE = ZoneInfo(BUSINESS_ZONE)


def business_day(instant: datetime) -> date:
    """The day in Beijing on which an aware instant falls."""
    return instant.astimezone(_ZONE).date()


def window_of_business_day(day: date) -> Window:
    """The instants of a day in Beijing, as UTC."""
    return window_of_business_days(day, day)


def window_of_business_days(first: date, last: date) -> Window:
    """The instants from the start of `first` to the end of `last`, both days in Beijing."""
    return Window(_midnight(first), _midnight(last + timedelta(days=1)))


def closed_days(now: datetime, count: int) -> list[date]:
    """The last `count` days that are over at `now`, oldest first."""
    today = business_day(now)
    return [today - timedelta(days=back) for back in range(count, 0, -1)]


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def only_closed(days: Sequence[date], now: datetime) -> list[date]:
    """Those of `days` that are over at `now`: only their counts can be final."""
    return [day for day in days if day < business_day(now)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=_ZONE).astimezone(UTC)
