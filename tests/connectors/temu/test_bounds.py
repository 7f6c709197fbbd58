"""A time filter in the unit of its operation (API §3.6): half-open here, both ends inclusive there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.records import Window
from connectors.temu.streams import STREAMS, ByWindow
from connectors.temu.streams.shapes import Bounds, ByLocalDay, ByTask

instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda instant: instant.replace(microsecond=0)
)


@given(instants, st.integers(1, 10**7), st.integers(1, 10**7))
def test_neighbours_share_no_unit_of_time_and_leave_none_out(start: datetime, first: int, second: int) -> None:
    middle = start + timedelta(seconds=first)
    for unit, scale in (("s", 1), ("ms", 1000)):
        bounds = Bounds("a", "b", unit)
        left, right = bounds.of(Window(start, middle)), bounds.of(Window(middle, middle + timedelta(seconds=second)))
        assert right["a"] == left["b"] + 1
        assert left["a"] == int(start.timestamp()) * scale


def test_lists_count_in_seconds_and_reports_in_milliseconds() -> None:
    for stream in STREAMS.values():
        if isinstance(stream.reading, ByWindow):
            assert stream.reading.listing.window.unit == "s"
        elif isinstance(stream.reading, ByLocalDay | ByTask):
            assert stream.reading.window.unit == "ms"
