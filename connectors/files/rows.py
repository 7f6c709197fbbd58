"""A grid of text to typed rows: each row of the file ends up either good or refused with its reasons, never nowhere.

Belongs here: headers, one row's rules and the rules between the rows of one file. Pure; shops come in as a lookup.
Does not belong here: rules across files and the meaning of values (dbt).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.files.reading import Cells, Grid, UnreadableFileError
from connectors.files.tables import SHOP, Column, FileTable
from connectors.files.values import Parser, UnreadableValueError, folded, plain, trim


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was refused: a stable code, the column (None = the whole row) and a sentence for people."""

    code: str
    column: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.column}: {self.message}" if self.column else self.message


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row number of the file, its values in the order of the table's columns, and its cells as written."""

    row_no: int
    values: tuple[object, ...]
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be used: its cells as written, every reason, and the shop (`ops.shops.id`) if known."""

    row_no: int
    cells: tuple[str, ...]
    problems: tuple[Problem, ...]
    shop_id: int | None


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """All rows of a file: `good` + `refused` = rows of the file. `ignored` = headers that mean nothing to the table."""

    header: tuple[str, ...]
    good: list[GoodRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    ignored: tuple[str, ...] = ()


def parse_rows(grid: Grid, table: FileTable, find_shop: Callable[[str], int]) -> ParsedFile:
    """Type every row. `find_shop` turns a shop's name or mall id into `ops.shops.id` or raises UnreadableValueError.

    Raises UnreadableFileError when no row can be read: missing or doubled columns, or nothing below the header.
    """
    if not grid.rows:
        raise UnreadableFileError("the file is empty", remedy="save it again with a header row and at least one row")
    header = tuple((cell or "").strip() for cell in grid.rows[0][1])
    places, ignored = _match_header(header, table)
    if len(grid.rows) == 1:
        raise UnreadableFileError("the file has a header but no rows", remedy="it may be half-written: save it again")
    parsed = ParsedFile(header, ignored=ignored)
    parsers: dict[str, Parser] = {c.name: find_shop if c.name == SHOP else c.parse for c in table.columns}
    seen: dict[tuple[object, ...], int] = {}
    for row_no, cells in grid.rows[1:]:
        values, problems = _type_cells(cells, len(header), places, table.columns, parsers)
        if row_no in grid.damaged:
            problems.append(Problem("formula_error", None, f"cell {grid.damaged[row_no]} shows a formula error"))
        problems = problems or _row_problems(values, table, row_no, seen)
        written = tuple(cell or "" for cell in cells)
        if problems:
            shop_id = values.get("shop_id")
            known = shop_id if isinstance(shop_id, int) else None
            parsed.refused.append(RefusedRow(row_no, written, tuple(problems), known))
        else:
            parsed.good.append(GoodRow(row_no, tuple(values[c.target] for c in table.columns), written))
    return parsed


def _match_header(header: Sequence[str], table: FileTable) -> tuple[dict[str, int], tuple[str, ...]]:
    """Position of each known column, and the headers that mean nothing."""
    words = {_header_word(word): c.name for c in table.columns for word in (*c.aliases, c.name)}
    places: dict[str, int] = {}
    ignored = []
    for position, cell in enumerate(header):
        name = words.get(_header_word(cell))
        if name in places:
            raise UnreadableFileError(f"two columns both mean {name}", remedy="keep one of them")
        if name is None:
            ignored.extend([cell] if cell else [])
        else:
            places[name] = position
    missing = [name for name in table.required if name not in places]
    if missing:
        found = ", ".join(cell for cell in header if cell)[:200]
        raise UnreadableFileError(
            f"columns are missing: {', '.join(missing)} (the first row says: {found})",
            remedy="the first row must name the columns; a half-written or wrongly encoded file also looks like this",
        )
    return places, tuple(ignored)


def _header_word(cell: str) -> str:
    return folded(plain(cell).strip("*\ufeff"))


def _type_cells(
    cells: Cells, width: int, places: Mapping[str, int], columns: Sequence[Column], parsers: Mapping[str, Parser]
) -> tuple[dict[str, object], list[Problem]]:
    values: dict[str, object] = {}
    problems = []
    if len(cells) < width or any(trim(extra) for extra in cells[width:]):
        reason = f"has {len(cells)} cells where the header has {width}"
        problems.append(Problem("column_count", None, f"{reason}: a number such as 1,234.50 needs quotes in a CSV"))
    for column in columns:
        place = places.get(column.name, len(cells))
        text = trim(cells[place]) if place < len(cells) else None
        try:
            values[column.target] = _type_cell(text, column, parsers[column.name])
        except UnreadableValueError as problem:
            problems.append(Problem(problem.code, column.name, str(problem)))
    return values, problems


def _type_cell(text: str | None, column: Column, parse: Parser) -> object:
    if text is not None:
        return parse(text)
    if column.required:
        raise UnreadableValueError("missing_value", "is empty")
    return None


def _row_problems(
    values: Mapping[str, object], table: FileTable, row_no: int, seen: dict[tuple[object, ...], int]
) -> list[Problem]:
    """Rules between the cells of a typed row, and between it and the rows above it."""
    start, end = values.get("effective_from"), values.get("effective_to")
    if end is not None and start is not None and end <= start:  # type: ignore[operator]
        return [Problem("inverted_interval", "effective_to", "must be later than effective_from (it is exclusive)")]
    if not table.key:
        return []
    key = key_of(values, table)
    first = seen.setdefault(key, row_no)
    if first != row_no:
        return [Problem("duplicate_row", None, f"has the same {', '.join(table.key)} as row {first}")]
    return []


def key_of(values: Mapping[str, object], table: FileTable) -> tuple[object, ...]:
    """What tells a row of this table from others, whatever the case of its words."""
    return tuple(v.upper() if isinstance(v, str) else v for v in (values[name] for name in table.key))
