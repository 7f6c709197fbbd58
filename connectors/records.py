"""The nouns of every room: a window of time, a record on its way to raw Postgres, one that is there, one set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Unanswered = Literal["pending", "forbidden", "empty"]
"""Why a record that was asked about has no final answer: the platform is not ready, the token may not ask, or there was
nothing about it in a list that was asked for it."""
UNREADY: Collection[Unanswered | None] = ("pending", "forbidden")
"""Reasons for which an answer may come later."""
EVERY_RECORD = ""
"""Stands for the number of each record of a stream whose operation the token lacks altogether."""


def unready(asked: Mapping[str, Unanswered | None]) -> int:
    """How many will have an answer only later: the platform is not ready, or the token may not ask yet."""
    return sum(cause in UNREADY for key, cause in asked.items() if key != EVERY_RECORD)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open span `[start, end)` of aware UTC instants, whole seconds, as the platform counts them."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"a window needs aware instants, got {self.start!r} and {self.end!r}")
        if self.end < self.start:
            raise ValueError(f"a window cannot end before it starts: {self.start} > {self.end}")

    @classmethod
    def of_day(cls, day: date) -> Window:
        """The whole UTC day."""
        start = datetime.combine(day, time.min, tzinfo=UTC)
        return cls(start, start + timedelta(days=1))

    @property
    def seconds(self) -> int:
        """Length in whole seconds."""
        return int((self.end - self.start).total_seconds())

    def halves(self) -> tuple[Window, Window]:
        """Two windows that together are this one; it must last at least two seconds."""
        if self.seconds < 2:
            raise ValueError(f"{self} is too short to be split")
        middle = self.start + timedelta(seconds=self.seconds // 2)
        return Window(self.start, middle), Window(middle, self.end)

    def days(self) -> Iterator[Window]:
        """This window cut at UTC midnights, oldest first."""
        start = self.start
        while start < self.end:
            midnight = Window.of_day(start.astimezone(UTC).date()).end
            end = min(midnight, self.end)
            yield Window(start, end)
            start = end

    def __str__(self) -> str:
        return f"[{self.start:%Y-%m-%d %H:%M:%S}Z, {self.end:%Y-%m-%d %H:%M:%S}Z)"


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One API record: its key and typed columns in the table's order, and the answer's own bytes.

    `payload` is JSON text exactly as the source sent it (personal fields removed); `source_updated_at` is aware UTC.
    """

    key: tuple[object, ...]
    columns: tuple[object, ...]
    source_updated_at: datetime
    payload: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record that came byte for byte as it is stored: nothing has to be read from it, or written for it, again."""

    key: tuple[object, ...]
    source_updated_at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record that was set aside belongs, and what its payload does not say: enough to read it once more.

    `prefix` leads the key of table `entity`, `extra` follows its typed columns, `at` is the update time where the
    source has none. `record_key` is the key as text, None where the payload does not show it; `page` is the numbered
    page on which it came.
    """

    entity: str
    at: datetime | None = None
    prefix: tuple[object, ...] = ()
    extra: tuple[object, ...] = ()
    record_key: str | None = None
    page: int | None = None


def key_text(key: Sequence[object]) -> str:
    """A record's key in one text."""
    return "/".join(map(str, key))
