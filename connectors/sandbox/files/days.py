"""Dates in companion files are Beijing dates (rule T2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def business_date(instant: int) -> date:
    """Beijing date of an instant; China has had no daylight saving since 1991."""
    return datetime.fromtimestamp(instant, BEIJING).date()


def utc_text(instant: int) -> str:
    """ISO 8601 with an explicit zone."""
    return datetime.fromtimestamp(instant, UTC).isoformat()
