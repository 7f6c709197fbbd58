"""Bytes to a grid of text: CSV in UTF-8, UTF-16 or GBK, and XLSX, with every cell still as written.

Belongs here: encodings, delimiters, workbook quirks, and telling a person why a file cannot be read at all.
Does not belong here: headers and types (`rows`). Nothing here touches the database.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from xml.sax.saxutils import unescape

import fastexcel

from connectors.errors import PermanentError

MOST_BYTES = 256 * 1024 * 1024
_MOST_UNZIPPED = 1024 * 1024 * 1024
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_DELIMITERS = (",", "\t", ";")
_NINE_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]{9}|-?0")
_ERROR_CELL = re.compile(r"<(?:\w+:)?c\b(?=[^>]*\bt=\"e\")[^>]*\br=\"([A-Z]+)([0-9]+)\"")

# What the zip and workbook readers raise over damaged bytes, found by flipping bytes at random.
_DAMAGE = (
    fastexcel.FastExcelError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    LookupError,
    ValueError,
    RuntimeError,  # also NotImplementedError: an entry claims encryption or an unknown compression
    OSError,
    EOFError,
)

Cells = Sequence[str | None]


class UnreadableFileError(PermanentError):
    """A whole file cannot be used; nothing of it was loaded."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a file: row number as a spreadsheet shows it, and text. `damaged` = rows with a formula error."""

    rows: list[tuple[int, Cells]]
    damaged: dict[int, str] = field(default_factory=dict)


def read_grid(content: bytes, suffix: str, *, sheet: str) -> Grid:
    """All cells of a file. `suffix` is `.csv` or `.xlsx`; of several sheets the one named `sheet`, else the first.

    Raises UnreadableFileError, with the remedy, for anything that is not such a file.
    """
    if not content.strip():
        raise UnreadableFileError("the file is empty", remedy="save it again with a header row and at least one row")
    if len(content) > MOST_BYTES:
        raise UnreadableFileError("the file is larger than 256 MB", remedy="split it into several files")
    if content.startswith(_OLE):
        raise UnreadableFileError(
            "the file is protected by a password or is an old .xls workbook",
            remedy="save it as .xlsx without a password",
        )
    if suffix == ".csv":
        return _read_csv(content)
    if suffix == ".xlsx":
        return _read_xlsx(content, sheet)
    raise UnreadableFileError(f"files of type {suffix or '(none)'} are not read", remedy="save it as .csv or .xlsx")


def _read_csv(content: bytes) -> Grid:
    if content.startswith(b"PK\x03\x04"):
        raise UnreadableFileError("the file is a workbook, not a CSV", remedy="rename it to .xlsx")
    text = _decode(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[tuple[int, Cells]] = []
    try:
        for number, row in enumerate(reader, start=1):
            if any(cell.strip() for cell in row):
                rows.append((number, row))
    except csv.Error as problem:
        raise UnreadableFileError(
            f"the CSV breaks off or is quoted wrongly near line {reader.line_num} ({problem})",
            remedy="the file may be half-written: save or copy it again",
        ) from problem
    return Grid(rows)


def _decode(content: bytes) -> str:
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if is_utf16 else ["utf-8-sig", "gb18030"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise UnreadableFileError(
        "the text is neither UTF-8 nor GBK", remedy="save it as 'CSV UTF-8'; the file may also be half-written"
    )


def _delimiter(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=header.count)


def _read_xlsx(content: bytes, sheet: str) -> Grid:
    try:
        _check_archive(content)
        book = fastexcel.read_excel(content)
        names = book.sheet_names
        index = names.index(sheet) if sheet in names else 0
        texts = book.load_sheet(index, header_row=None, skip_rows=0, dtypes="string").to_polars().rows()
        floats = book.load_sheet(index, header_row=None, skip_rows=0, dtypes="float").to_polars().rows()
        damaged = dict(_formula_errors(content, names[index]))
    except _DAMAGE as problem:
        raise UnreadableFileError(
            "the workbook cannot be opened",
            remedy="the file may be half-written or not an .xlsx: open it in a spreadsheet and save it again",
        ) from problem
    rows = [(n, _exact(text, number)) for n, (text, number) in enumerate(zip(texts, floats, strict=True), start=1)]
    return Grid([(n, row) for n, row in rows if n in damaged or any(c and c.strip() for c in row)], damaged)


def _check_archive(content: bytes) -> None:
    """Refuse archives that unpack to absurd sizes, and damaged ones: the reader itself does not check the checksums."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNZIPPED:
            raise UnreadableFileError("the workbook unpacks to more than 1 GB", remedy="split it into several files")
        damaged = archive.testzip()
    if damaged:
        raise zipfile.BadZipFile(f"wrong checksum of {damaged}")


def _exact(texts: Cells, floats: Sequence[float | None]) -> list[str | None]:
    """The row with numbers as the spreadsheet shows them: the reader's own text stops at nine decimals."""
    return [
        _number(text, value) if text and value is not None and _NINE_DECIMALS.fullmatch(text) else text
        for text, value in zip(texts, floats, strict=True)
    ]


def _number(text: str, value: float) -> str:
    # Fifteen significant digits are what spreadsheets keep and show of a number.
    return text if Decimal(text) == Decimal(repr(value)) else format(Decimal(f"{value:.15g}"), "f")


def _formula_errors(content: bytes, sheet: str) -> Iterator[tuple[int, str]]:
    """Row number and address of each cell that shows #N/A, #REF! and the like; the reader would call them empty."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for path in _sheet_paths(archive, sheet):
            for column, row in _ERROR_CELL.findall(archive.read(path).decode("utf-8", "replace")):
                yield int(row), f"{column}{row}"


def _sheet_paths(archive: zipfile.ZipFile, sheet: str) -> list[str]:
    """Where a sheet lives in the archive; all sheets if the index of the workbook is written in an unusual way."""
    every = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        name, relation = _attribute(tag, "name"), _attribute(tag, r"\w+:id")
        if name is not None and unescape(name, {"&quot;": '"', "&apos;": "'"}) == sheet:
            targets = [_attribute(r, "Target") for r in re.findall(r"<Relationship\b[^>]*>", relations)
                       if _attribute(r, "Id") == relation]  # fmt: skip
            paths = [f"xl/{target.removeprefix('/xl/')}" for target in targets if target]
            return [path for path in paths if path in every] or every
    return every


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf"\s{name}=\"([^\"]*)\"", tag)
    return found[1] if found else None
