"""When something is due: quarter-hourly, hourly, or at a time of a day, week or month in Beijing. Pure.

Belongs here: the latest moment at which a schedule wanted something, and the same schedule in cron's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
MINUTES = {"15 minutes": 15, "hour": 60}


@dataclass(frozen=True)
class Schedule:
    """Every so many minutes, or `at` a Beijing time: daily, on a weekday (1 = Monday) or on a day of the month."""

    minutes: int | None = None
    at: time | None = None
    weekday: int | None = None
    day: int | None = None

    @classmethod
    def read(cls, body: dict[str, object], name: str) -> Schedule:
        """From the keys every, at, weekday, day. ValueError names the alert or report that has neither or both."""
        every, at = body.get("every"), body.get("at")
        if (every is None) == (at is None) or (every is not None and every not in MINUTES):
            raise ValueError(f'{name}: say either every: {" | ".join(MINUTES)} or at: "HH:MM"')
        if at is None:
            return cls(minutes=MINUTES[str(every)])
        weekday, day = body.get("weekday"), body.get("day")
        return cls(None, time.fromisoformat(str(at)), _number(weekday, 7, name), _number(day, 28, name))

    @property
    def cron(self) -> str:
        """The same in cron's words (Beijing time)."""
        if self.at is None:
            return "*/15 * * * *" if self.minutes == 15 else "0 * * * *"
        weekday = "*" if self.weekday is None else str(self.weekday % 7)
        return f"{self.at.minute} {self.at.hour} {self.day or '*'} * {weekday}"

    def latest(self, now: datetime) -> datetime:
        """The latest wanted moment that is not after `now` (aware; the answer is in Beijing time)."""
        local = now.astimezone(BEIJING)
        if self.at is None:
            whole = local.replace(minute=0, second=0, microsecond=0)
            return whole if self.minutes == 60 else whole + timedelta(minutes=local.minute // 15 * 15)
        moment = local.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        while moment > local or not self._wants(moment):
            moment -= timedelta(days=1)
        return moment

    def is_due(self, now: datetime, last: datetime | None) -> bool:
        """Whether a wanted moment lies after the last time that it was done; what was never done is due."""
        return last is None or last < self.latest(now)

    def _wants(self, moment: datetime) -> bool:
        return (self.weekday is None or moment.isoweekday() == self.weekday) and self.day in (None, moment.day)


def _number(value: object, highest: int, name: str) -> int | None:
    if value is None:
        return None
    number = int(str(value))
    if not 1 <= number <= highest:
        raise ValueError(f"{name}: {number} is not between 1 and {highest}")
    return number
