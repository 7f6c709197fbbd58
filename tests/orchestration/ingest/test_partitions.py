"""Cells of shop × day, the windows that cover them, and the days that a window completes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.records import Window
from orchestration.ingest.partitions import cell_key, days_read, parse_cell, shop_key, windows_of

DAYS = st.dates(min_value=date(2025, 1, 1), max_value=date(2025, 3, 1))
SHOPS = st.sampled_from(["Nova US", "Nova EU", "北极星", "6 30"])
CELLS = st.sets(st.tuples(DAYS, SHOPS), max_size=40)
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 31 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))


@given(CELLS)
def test_windows_cover_exactly_the_given_cells(cells: set[tuple[date, str]]) -> None:
    covered = [
        (piece.start.date(), shop)
        for window, shops in windows_of(cells).items()
        for piece in window.days()
        for shop in shops
    ]
    assert sorted(covered) == sorted(cells)


@given(CELLS)
def test_a_shop_never_gets_two_windows_that_touch(cells: set[tuple[date, str]]) -> None:
    windows = windows_of(cells)
    for shop in {shop for _, shop in cells}:
        mine = sorted(window for window, shops in windows.items() if shop in shops)
        assert all(earlier.end < later.start for earlier, later in pairwise(mine))


def test_a_rectangle_is_one_window_for_all_its_shops() -> None:
    cells = [(date(2026, 11, day), shop) for day in (2, 3, 4) for shop in ("B", "A")]
    window = Window(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC))
    assert windows_of(cells) == {window: ["A", "B"]}


@given(DAYS, SHOPS)
def test_a_cell_key_is_read_back_as_it_was_written(day: date, shop: str) -> None:
    assert parse_cell(cell_key(day, shop)) == (day, shop)


@given(st.text(max_size=30), st.integers(min_value=1))
def test_every_shop_gets_a_key_that_partitions_accept(name: str, mall_id: int) -> None:
    key = shop_key(name, mall_id)
    assert key
    assert "|" not in key
    assert "..." not in key


def test_a_shop_whose_name_partitions_reserve_goes_by_its_mall_id() -> None:
    assert shop_key("Acme | Home", 634418210000001) == "634418210000001"
    assert shop_key("Acme Home", 634418210000001) == "Acme Home"


@given(INSTANTS, st.integers(min_value=0, max_value=10 * 86_400))
def test_days_read_end_with_the_window_and_never_claim_a_day_begun_late(start: datetime, seconds: int) -> None:
    window = Window(start, start + timedelta(seconds=seconds))
    days = days_read(window)
    last = max(window.end - timedelta(seconds=1), window.start)
    assert days[-1] == last.date()
    assert all(Window.of_day(day).start >= window.start for day in days if len(days) > 1)


def test_a_live_window_over_midnight_counts_for_the_new_day_only() -> None:
    window = Window(datetime(2026, 11, 2, 23, 25, tzinfo=UTC), datetime(2026, 11, 3, 0, 4, tzinfo=UTC))
    assert days_read(window) == [date(2026, 11, 3)]
