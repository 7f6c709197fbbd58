"""When something is due, in Beijing time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.alerts.times import BEIJING, Schedule

SCHEDULES = [
    Schedule(minutes=15),
    Schedule(minutes=60),
    Schedule(at=time(8, 30)),
    Schedule(at=time(9, 0), weekday=1),
    Schedule(at=time(9, 0), day=2),
]
MOMENTS = st.floats(0, 700).map(lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days))


def test_half_past_eight_is_beijings() -> None:
    daily = Schedule(at=time(8, 30))
    assert not daily.is_due(datetime(2026, 3, 2, 0, 29, tzinfo=UTC), datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
    assert daily.is_due(datetime(2026, 3, 2, 0, 30, tzinfo=UTC), datetime(2026, 3, 1, 0, 30, tzinfo=UTC))


def test_the_second_of_the_month_and_the_monday() -> None:
    monthly, weekly = SCHEDULES[4], SCHEDULES[3]
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)  # a Sunday
    assert monthly.latest(now) == datetime(2026, 2, 2, 9, tzinfo=BEIJING)
    assert weekly.latest(now) == datetime(2026, 2, 23, 9, tzinfo=BEIJING)


@pytest.mark.parametrize("schedule", SCHEDULES)
@given(now=MOMENTS, ago=st.timedeltas(timedelta(0), timedelta(days=70)))
def test_done_after_the_latest_moment_is_not_due_and_done_before_it_is(
    schedule: Schedule, now: datetime, ago: timedelta
) -> None:
    latest = schedule.latest(now)
    assert latest <= now
    assert schedule.latest(latest) == latest
    assert schedule.is_due(now, now - ago) is (now - ago < latest)
    assert schedule.is_due(now, None)


@pytest.mark.parametrize(
    ("schedule", "cron"),
    list(zip(SCHEDULES, ["*/15 * * * *", "0 * * * *", "30 8 * * *", "0 9 * * 1", "0 9 2 * *"], strict=True)),
)
def test_cron_says_the_same(schedule: Schedule, cron: str) -> None:
    assert schedule.cron == cron


@pytest.mark.parametrize("body", [{}, {"every": "hour", "at": "08:00"}, {"every": "week"}, {"at": "08:00", "day": 31}])
def test_a_schedule_that_says_nothing_twice_or_nonsense_names_its_owner(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="alert x"):
        Schedule.read(body, "alert x")
