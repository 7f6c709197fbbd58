"""Files as text: encodings, delimiters, workbooks; and one clear message for what is no such file."""

from __future__ import annotations

import datetime as dt

import pytest

from connectors.files.reading import UnreadableFileError, read_grid

HEADER = "货号,成本价\nAB-1,12.50\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_chinese_csv_is_read_in_every_encoding_that_spreadsheets_write(encoding):
    grid = read_grid(HEADER.encode(encoding), ".csv", sheet="x")
    assert [list(cells) for _, cells in grid.rows] == [["货号", "成本价"], ["AB-1", "12.50"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_shows_the_delimiter(delimiter):
    grid = read_grid(HEADER.replace(",", delimiter).encode(), ".csv", sheet="x")
    assert list(grid.rows[1][1]) == ["AB-1", "12.50"]


def test_row_numbers_are_those_a_spreadsheet_shows_even_after_blank_lines_and_broken_cells():
    grid = read_grid(b'a,b\n\n"two\nlines",1\n,\nx,2\n', ".csv", sheet="x")
    assert [(number, cells[0]) for number, cells in grid.rows] == [(1, "a"), (3, "two\nlines"), (5, "x")]


def test_a_workbook_is_read_exactly(workbook):
    cells = [["sku", "cost", "day", "note"], ["00123", 1 / 3, dt.date(2026, 3, 1), "x"], [], [123, 12.35, None, None]]
    grid = read_grid(workbook(cells, first_row=2), ".xlsx", sheet="x")
    assert [(number, tuple(row)) for number, row in grid.rows] == [
        (3, ("sku", "cost", "day", "note")),
        (4, ("00123", "0.333333333333333", "2026-03-01 00:00:00", "x")),
        (6, ("123", "12.35", None, None)),
    ]


def test_formula_errors_in_a_workbook_are_seen_and_not_taken_for_empty_cells(workbook):
    grid = read_grid(workbook([["shop", "sku"], ["=#N/A", "AB-1"], ["Harbor", "AB-2"]]), ".xlsx", sheet="x")
    assert grid.damaged == {2: "A2"}


def test_the_sheet_named_like_the_table_is_preferred(workbook):
    assert read_grid(workbook([["a"]], sheet="product_costs"), ".xlsx", sheet="product_costs").rows == [(1, ["a"])]


@pytest.mark.parametrize(
    ("content", "suffix", "message"),
    [
        (b"", ".csv", "empty"),
        (b" \r\n ", ".csv", "empty"),
        (b'a,b\n"half', ".csv", "near line 2.*half-written"),
        (b"\x81\x20\xff\xff\xfe", ".csv", "neither UTF-8 nor GBK"),
        (b"PK\x03\x04rest", ".csv", "rename it to .xlsx"),
        (b"PK\x03\x04rest", ".xlsx", "cannot be opened.*half-written"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), ".xlsx", "password"),
        (b"a,b", ".xlsx", "cannot be opened"),
        (b"%PDF", ".pdf", "not read.*save it as .csv or .xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_message_with_a_remedy(content, suffix, message):
    with pytest.raises(UnreadableFileError, match=message) as refusal:
        read_grid(content, suffix, sheet="x")
    assert refusal.value.remedy


def test_a_workbook_cut_off_anywhere_is_refused_not_misread(workbook):
    whole = workbook([["sku_code", "cost"], ["AB-1", 1.5]])
    for size in range(1, len(whole) - 22, 97):
        with pytest.raises(UnreadableFileError):
            read_grid(whole[:size], ".xlsx", sheet="x")
