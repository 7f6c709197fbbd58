"""A database with two shops, and a folder in which a test drops files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import xlsxwriter

from connectors.files import ImportReport, import_file

SHOPS = (("Harbor US", 634418211110001, "US"), ("Nordlicht", 634418211110002, "DE"))


@pytest.fixture
def shops(database_url: str) -> dict[str, int]:
    """Two registered shops: `ops.shops.id` by name."""
    with psycopg.connect(database_url) as conn:
        for name, mall, region in SHOPS:
            conn.execute(
                "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key) "
                "values (%s, %s, %s, 'US', 'k')",
                [mall, name, region],
            )
        return dict(conn.execute("select shop_name, id from ops.shops").fetchall())


@pytest.fixture
def drop(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of this name and content."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def load(database_url: str, shops: dict[str, int]) -> Callable[..., ImportReport]:
    """Import a file as `omni import` would."""

    def run(path: Path, *, dry_run: bool = False) -> ImportReport:
        return import_file(database_url, path, run_id="run-1", dry_run=dry_run)

    return run


@pytest.fixture
def rows(database_url: str) -> Callable[..., list[tuple]]:
    """Run a query and return its rows."""

    def select(query: str, *values: object) -> list[tuple]:
        with psycopg.connect(database_url) as conn:
            return conn.execute(query, values).fetchall()

    return select


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """An .xlsx with these rows, starting at the given first row of its only sheet (0-based)."""

    def build(cells: Sequence[Sequence[object]], *, first_row: int = 0, sheet: str = "Sheet1") -> bytes:
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd", "remove_timezone": True})
        book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})  # the same cells give the same bytes
        page = book.add_worksheet(sheet)
        for number, row in enumerate(cells, start=first_row):
            for place, cell in enumerate(row):
                if isinstance(cell, str) and cell.startswith("=#"):
                    page.write_formula(number, place, "=NA()", value=cell.removeprefix("="))
                elif cell is not None:
                    page.write(number, place, cell)
        book.close()
        return buffer.getvalue()

    return build
