"""One cell at a time: what is understood, exactly how, and what is refused instead of guessed (rules N1, N3, T4)."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.tables import TABLES
from connectors.files.values import (
    UnreadableValueError,
    integer_between,
    one_of,
    parse_code,
    parse_currency,
    parse_date,
    parse_decimal,
    parse_fraction,
    parse_instant,
    parse_month,
    parse_text,
    trim,
)


@pytest.mark.parametrize("cell", ["", "  ", "nan", "NaN", "None", "NULL", " -- ", "N/A", "\u3000", "\ufeff"])
def test_n1_cells_that_mean_nothing_are_none(cell):
    assert trim(cell) is None


def test_n1_text_is_trimmed_and_its_case_kept():
    assert trim("\u3000 Ab-1\xa0") == "Ab-1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", "1234.50"),
        ("１２，３４５．６０", "12345.60"),
        ("-0.10", "-0.10"),
        ("\u22123", "-3"),
        (".5", "0.5"),
        ("1.2E-5", "0.000012"),
        ("123456789012345678901.123456789", "123456789012345678901.123456789"),
    ],
)
def test_numbers_are_read_exactly_as_decimals(text, value):
    found = parse_decimal(text)
    assert isinstance(found, Decimal)
    assert found == Decimal(value)


@pytest.mark.parametrize(
    "text", ["12,34", "1.234,50", "1 234", "12.30元", "¥5", "0x10", "1_000", "٣", "-", ".", "e5", "inf"]
)
def test_numbers_with_two_readings_or_none_are_refused(text):
    with pytest.raises(UnreadableValueError) as refusal:
        parse_decimal(text)
    assert refusal.value.code == "not_a_number"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6))
def test_a_number_written_plainly_or_with_thousands_comes_back_unchanged(value):
    assert parse_decimal(f"{value:f}") == value
    assert parse_decimal(f"{value:,f}") == value


@pytest.mark.parametrize(("text", "value"), [("3%", "0.03"), ("0.5", "0.5"), ("２．５％", "0.025"), ("0", "0")])
def test_fee_rates_are_fractions_or_percentages(text, value):
    assert parse_fraction(text) == Decimal(value)


@pytest.mark.parametrize("text", ["3", "51%", "-0.01"])
def test_a_fee_rate_outside_0_to_half_is_refused(text):
    with pytest.raises(UnreadableValueError, match=r"between 0 and 0\.5"):
        parse_fraction(text)


@pytest.mark.parametrize("text", ["7", "7.0", "７", "007"])
def test_whole_numbers_are_integers_even_as_spreadsheets_export_them(text):
    assert integer_between(0, 10)(text) == 7


@pytest.mark.parametrize(
    ("text", "code"), [("7.5", "not_an_integer"), ("11", "out_of_range"), ("6.3E+14", "damaged_number")]
)
def test_other_whole_numbers_are_refused(text, code):
    with pytest.raises(UnreadableValueError) as refusal:
        integer_between(0, 10)(text)
    assert refusal.value.code == code


def test_a_code_that_a_spreadsheet_shortened_is_refused_and_others_kept_as_written():
    assert parse_code("ab-01 e5") == "ab-01 e5"
    assert parse_code("00123") == "00123"
    with pytest.raises(UnreadableValueError, match="format the column as text"):
        parse_code("6.34418E+14")


@pytest.mark.parametrize(
    "text",
    ["2026-11-05", "2026/11/5", "2026.11.05", "20261105", "2026年11月5日", "2026-11-05 00:00:00", "２０２６-11-05"],
)
def test_dates_are_read_in_the_spellings_people_use(text):
    assert parse_date(text) == date(2026, 11, 5)


@pytest.mark.parametrize(
    "text", ["5/11/2026", "2026-13-01", "2026-02-30", "11-05", "45000", "2026-11-05 08:00", "2026-11/05"]
)
def test_dates_with_two_readings_or_none_are_refused(text):
    with pytest.raises(UnreadableValueError, match=r"not a date|not a day|has a time"):
        parse_date(text)


def test_a_mistyped_year_is_refused():
    with pytest.raises(UnreadableValueError, match="between 2000 and 2199"):
        parse_date("0226-01-01")


@pytest.mark.parametrize("text", ["2026-11", "2026年11月", "2026-11-01", "2026/11/1"])
def test_months_are_their_first_day(text):
    assert parse_month(text) == date(2026, 11, 1)


def test_another_day_than_the_first_is_no_month():
    with pytest.raises(UnreadableValueError, match="first day"):
        parse_month("2026-11-02")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01", datetime(2026, 2, 28, 16, tzinfo=UTC)),
        ("2026-03-01 08:30", datetime(2026, 3, 1, 0, 30, tzinfo=UTC)),
        ("2026/3/1 8:30:15.25", datetime(2026, 3, 1, 0, 30, 15, 250000, tzinfo=UTC)),
        ("2026-03-01T08:30:00Z", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01 08:30+02:00", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        ("2026-03-01 08:30-0700", datetime(2026, 3, 1, 15, 30, tzinfo=UTC)),
        ("2026年3月1日 08:30", datetime(2026, 3, 1, 0, 30, tzinfo=UTC)),
        ("20260301", datetime(2026, 2, 28, 16, tzinfo=UTC)),
    ],
)
def test_t4_instants_without_a_zone_are_beijing_time(text, instant):
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text", ["2026-03-01 25:00", "2026-03-01 noon", "2026-03-01 08:30+99:00", "03-01", "2026-03-01x"]
)
def test_instants_that_are_none_are_refused(text):
    with pytest.raises(UnreadableValueError):
        parse_instant(text)


@given(
    st.integers(946_771_200, 7_258_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
)
def test_an_instant_written_with_its_offset_comes_back_unchanged(instant, zone):
    assert parse_instant(instant.astimezone(zone).isoformat()) == instant


@pytest.mark.parametrize(
    ("text", "currency"), [("rmb", "CNY"), ("CNH", "CNY"), ("人民币", "CNY"), (" usd ", "USD"), ("ＥＵＲ", "EUR")]
)
def test_n3_currencies(text, currency):
    assert parse_currency(text) == currency


@pytest.mark.parametrize("text", ["$", "US", "US Dollar", "US1"])
def test_n3_anything_else_is_no_currency(text):
    with pytest.raises(UnreadableValueError) as refusal:
        parse_currency(text)
    assert refusal.value.code == "not_a_currency"


@pytest.mark.parametrize(
    ("text", "code"), [("#N/A", "formula_error"), ("a\x00b", "unprintable"), ("\ud800", "unprintable")]
)
def test_text_that_is_an_accident_is_refused(text, code):
    with pytest.raises(UnreadableValueError) as refusal:
        parse_text(text)
    assert refusal.value.code == code


PARSERS = sorted({column.parse for table in TABLES.values() for column in table.columns}, key=repr)


@given(st.text(min_size=1), st.sampled_from(PARSERS))
def test_any_text_at_all_is_typed_or_refused_with_a_reason(text, parse):
    with contextlib.suppress(UnreadableValueError):
        assert parse(text) is not None


@pytest.mark.parametrize("spelling", ["头程", "first_mile", "First mile", "FIRST-MILE", " first mile "])
def test_a_word_of_a_closed_list_may_be_spelt_as_its_column_may(spelling: str) -> None:
    assert one_of({"头程": "first_mile"})(spelling) == "first_mile"
