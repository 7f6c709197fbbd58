"""Whatever people drop: a file is read or refused with a remedy, each of its rows is loaded or refused with a reason.

A run of the suite tries some hundred files, `OMNI_TEST_THOROUGH=1` more than ten thousand.
"""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from connectors.files import import_file
from connectors.files.reading import UnreadableFileError, read_grid
from connectors.files.rows import ParsedFile, parse_rows
from connectors.files.tables import TABLES, FileTable
from connectors.files.values import UnreadableValueError
from tests.thorough import cases

pytestmark = pytest.mark.thorough

LAWS = 6
"""How many tests below are held to as many files each."""
CASES = cases(60, 10_000 // LAWS + 1)
fuzz = limits(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

GOOD = {
    "shop": "Harbor US", "sku_code": "AB-1", "cost_price": "12.50", "currency": "RMB", "effective_from": "2026-01-05",
    "effective_to": "2027/1/5", "manager": "Li", "category": "Home", "base_currency": "USD", "quote_currency": "CNY",
    "rate": "0.07", "fee_type": "platform", "target_month": "2026-11", "metric": "GMV", "target_value": "1,000",
    "parent_order_sn": "PO-211-1", "charge_type": "头程", "amount": "-3.5", "charge_date": "20260105",
    "settlement_sn": "S1", "line_no": "1", "order_sn": "211-1", "product_sku_id": "17592186044416", "line_type": "其他",
    "settled_at": "2026-01-05 08:00:00+08:00", "payout_sn": "W1", "paid_at": "2026年1月5日", "status": "paid",
    "snapshot_at": "2026-01-05T00:00:00Z", "available": "1e2", "frozen": "0", "snapshot_date": "2026-01-05",
    "on_hand": "5", "reserved": "0", "in_transit": "12.0",
}  # fmt: skip
HOSTILE = (
    "", " ", "\u00a0", "\ufeff", "\u200b", "nan", "NULL", "#N/A", "#REF!", "=1+1", "@SUM(A1)", '"', "'", "a,b",
    "a;b\tc",
    "a\nb", "a\r\nb", "\x00", "\x0b", "\x1f", "\x7f", "1e309", "1E+15", "-0", "9" * 50, "0." + "9" * 39,
    "1e99", "1e-99",
    "１２３", "１，２３４", "12,34", "1.234,5", "0x10", "∞", "NaN", "true", "2026-02-30", "1/5/2026", "9999-12-31",
    "2026-01-01 25:00", "2026-01-01 00:00:00+99:99", "2026-01-01 00:00+23:59", "20261301", "45000", "2147483648",
    "9223372036854775808", "Nowhere", "harbor us", "634418211110001.0", "ß", "İ", "e\u0301", "𠜎",
    "\U0010ffff", "_x0041_",
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def tables_with_rows(draw) -> tuple[FileTable, list[str], list[list[str]]]:
    """A table, the words of a header that is complete, and rows of good, hostile and random cells."""
    table = draw(st.sampled_from(list(TABLES.values())))
    columns = draw(st.permutations(table.columns))
    header = [draw(st.sampled_from((column.name, *column.aliases))) for column in columns]
    row = st.tuples(
        *(
            st.one_of(st.just(GOOD[column.name]), st.just(GOOD[column.name]), st.sampled_from(HOSTILE), TEXTS)
            for column in columns
        )
    ).map(list)
    return table, header, draw(st.lists(row, min_size=1, max_size=12))


def find_shop(text: str) -> int:
    if text.casefold() == "harbor us":
        return 1
    raise UnreadableValueError("unknown_shop", "unknown")


def as_csv(rows: list[list[str]], encoding: str, delimiter: str) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode(encoding)


def filled(rows: list[list[str]]) -> list[int]:
    """Numbers of the rows that say something, the header being row 1."""
    return [number for number, row in enumerate(rows, start=2) if any(cell.strip() for cell in row)]


def row_numbers(parsed: ParsedFile) -> list[int]:
    return sorted(row.row_no for row in [*parsed.good, *parsed.refused])


def outcome(content: bytes, suffix: str, table: FileTable) -> ParsedFile | str:
    """The rows of a file, or the remedy for what cannot be read; rows of its grid that get lost fail the test."""
    try:
        grid = read_grid(content, suffix, sheet=table.name)
        parsed = parse_rows(grid, table, find_shop)
    except UnreadableFileError as refusal:
        return refusal.remedy
    assert row_numbers(parsed) == [number for number, _ in grid.rows[1:]]
    assert all(str(problem) for row in parsed.refused for problem in row.problems)
    return parsed


def assert_complete(found: ParsedFile | str, rows: list[list[str]]) -> None:
    """Every row that says something is loaded or refused; a file may be refused whole only where none does."""
    if isinstance(found, str):
        assert filled(rows) == []
    else:
        assert row_numbers(found) == filled(rows)


@fuzz
@given(
    content=st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    ),
    suffix=st.sampled_from([".csv", ".xlsx"]),
    table=st.sampled_from(list(TABLES.values())),
)
def test_random_bytes_are_read_or_refused_with_a_remedy(content, suffix, table):
    assert outcome(content, suffix, table)


@fuzz
@given(case=tables_with_rows(), tail=st.binary(min_size=1, max_size=200))
def test_a_good_header_above_random_bytes_loses_no_row(case, tail):
    table, header, _ = case
    assert outcome(as_csv([header], "utf-8", ",") + tail, ".csv", table)


@fuzz
@given(
    case=tables_with_rows(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    delimiter=st.sampled_from(",;\t"),
)
def test_every_row_of_a_csv_is_loaded_or_refused(case, encoding, delimiter):
    table, header, rows = case
    assume(not any("\x00" in cell for row in rows for cell in row))  # then it is no text, and refused whole
    assert_complete(outcome(as_csv([header, *rows], encoding, delimiter), ".csv", table), rows)


@fuzz
@given(case=tables_with_rows())
def test_every_row_of_a_workbook_is_loaded_or_refused(workbook, case):
    table, header, rows = case
    assert_complete(outcome(workbook([header, *rows]), ".xlsx", table), rows)


@fuzz
@given(case=tables_with_rows(), cut=st.floats(0, 1, exclude_max=True))
def test_a_workbook_that_breaks_off_is_refused_never_misread(workbook, case, cut):
    table, header, rows = case
    whole = workbook([header, *rows])
    with pytest.raises(UnreadableFileError) as refused:
        read_grid(whole[: int(cut * len(whole))], ".xlsx", sheet=table.name)
    assert refused.value.remedy


@fuzz
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_workbook_with_flipped_bytes_is_refused_or_read_right(workbook, flips):
    content = bytearray(workbook([["sku_code", "cost"], ["AB-1", 1.5]]))
    for place, value in flips:
        content[int(place * len(content))] = value
    with contextlib.suppress(UnreadableFileError):
        assert read_grid(bytes(content), ".xlsx", sheet="x").rows == [(1, ["sku_code", "cost"]), (2, ["AB-1", "1.5"])]


@limits(fuzz, max_examples=max(20, CASES // 20))
@given(case=tables_with_rows())
def test_what_was_typed_the_database_takes_and_no_row_is_lost_on_the_way(database_url, shops, tmp_path, case):
    table, header, rows = case
    path = Path(tmp_path) / f"{table.name}.csv"
    path.write_bytes(as_csv([header, *rows], "utf-8", ","))
    report = import_file(database_url, path, run_id="fuzz", dry_run=True)
    assert "the database refused it" not in report.message
    if "\x00" not in path.read_text("utf-8") and filled(rows):
        assert report.rows_ok + report.rows_rejected == len(filled(rows))
