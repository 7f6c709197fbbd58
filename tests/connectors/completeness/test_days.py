"""Business days are days of Beijing (rule T2), whatever zone an instant is told in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.completeness.days import (
    business_day,
    closed_days,
    days_between,
    only_closed,
    window_of_business_day,
    window_of_business_days,
)

instants = st.builds(datetime.fromtimestamp, st.integers(1_662_000_000, 2_050_000_000), st.timezones())


@given(instants)
def test_an_instant_lies_in_the_window_of_its_day_and_in_no_other(instant: datetime) -> None:
    day = business_day(instant)
    window = window_of_business_day(day)
    assert window.start <= instant.astimezone(UTC) < window.end
    assert window.seconds == 86_400
    assert window_of_business_day(day + timedelta(days=1)).start == window.end


def test_the_day_of_beijing_begins_at_16_utc() -> None:
    assert window_of_business_day(date(2026, 11, 20)).start == datetime(2026, 11, 19, 16, tzinfo=UTC)


@given(instants, st.integers(1, 40))
def test_closed_days_end_with_yesterday_and_are_all_over(now: datetime, count: int) -> None:
    days = closed_days(now, count)
    assert len(days) == count
    assert days == days_between(days[0], days[-1]) == only_closed(days, now)
    assert window_of_business_days(days[0], days[-1]).end <= now.astimezone(UTC)
    assert only_closed([business_day(now)], now) == []
