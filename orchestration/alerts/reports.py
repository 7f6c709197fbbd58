"""Workbooks: sheets of queries on the marts, written to the data directory's reports/ folder.

Belongs here: period, file name, formats of cells, keeping the newest. What stands in a sheet is in alerts.yaml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import xlsxwriter

from connectors.errors import ConfigurationError
from orchestration.alerts.evaluate import unbuilt
from orchestration.alerts.rules import Report, Sheet, marts_in
from orchestration.alerts.times import BEIJING

KEPT = 60
MONEY, SHARE, NUMBER, DAY, MOMENT = "#,##0.00", "0.0%", "#,##0.####", "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
WIDEST = 48


@dataclass(frozen=True)
class Period:
    """First and last Beijing day that a report covers."""

    first: date
    last: date

    @property
    def label(self) -> str:
        """2026-02 for a whole month, 2026-W09 for a week, else the last day."""
        if self.first.day == 1 and (self.last + timedelta(days=1)).day == 1:
            return f"{self.first:%Y-%m}"
        return f"{self.last:%G-W%V}" if self.last - self.first == timedelta(days=6) else f"{self.last:%Y-%m-%d}"


def period_of(report: Report, now: datetime) -> Period:
    """The month or the week before, or the last complete day."""
    today = now.astimezone(BEIJING).date()
    if report.period == "week":
        last = today - timedelta(days=today.isoweekday())
        return Period(last - timedelta(days=6), last)
    if report.period == "month":
        last = today.replace(day=1) - timedelta(days=1)
        return Period(last.replace(day=1), last)
    return Period(today - timedelta(days=1), today - timedelta(days=1))


def write_report(
    reader: psycopg.Connection, report: Report, period: Period, folder: Path, recipient: str = ""
) -> Path | None:
    """Write the workbook and return where it is; the accounting period is part of its name. Older ones beyond 60 go.

    `recipient` is whose rows a personal report is about. None: no sheet has a row, and the report is left out then.

    Raises:
        ConfigurationError: a mart of it is not built yet.
    """
    if missing := unbuilt(reader, (mart for sheet in report.sheets for mart in marts_in(sheet.sql))):
        raise ConfigurationError(
            f"report {report.key} needs marts that are not built: {', '.join(missing)}",
            remedy="run build_marts, then try again",
        )
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(filter(None, (report.key, re.sub(r"\W+", "_", recipient))))
    path = folder / f"{name}-{period.label}.xlsx"
    draft = path.with_suffix(".draft")
    values = {"first": period.first, "last": period.last, "recipient": recipient}
    with xlsxwriter.Workbook(draft, {"default_date_format": DAY, "remove_timezone": True}) as book:
        rows = sum(_write_sheet(book, reader, sheet, values) for sheet in report.sheets)
    if report.skip_empty and rows == 0:
        draft.unlink()
        return None
    draft.replace(path)
    for old in sorted(folder.glob(f"{name}-*.xlsx"))[:-KEPT]:
        old.unlink()
    return path


def _write_sheet(book: xlsxwriter.Workbook, reader: psycopg.Connection, sheet: Sheet, values: dict[str, object]) -> int:
    """Write one sheet; how many rows it has."""
    cursor = reader.execute(sheet.sql, values)
    names = [column.name for column in cursor.description or ()]
    page = book.add_worksheet(sheet.title[:31])
    page.freeze_panes(1, 0)
    page.write_row(0, 0, names, book.add_format({"bold": True, "bottom": 1}))
    formats = [book.add_format({"num_format": _number_format(name, sheet)}) for name in names]
    day, moment = (book.add_format({"num_format": one}) for one in (DAY, MOMENT))
    widths = [len(name) + 4 for name in names]
    number = 0
    for number, row in enumerate(cursor, start=1):
        for place, value in enumerate(row):
            look = moment if isinstance(value, datetime) else day if isinstance(value, date) else formats[place]
            _write_cell(page, number, place, value, look)
            widths[place] = min(max(widths[place], len(str(value)) + 2), WIDEST)
    for place, width in enumerate(widths):
        page.set_column(place, place, width)
    page.autofilter(0, 0, 0, max(len(names) - 1, 0))
    return number


def _write_cell(page: xlsxwriter.worksheet.Worksheet, row: int, place: int, value: object, look: object) -> None:
    """Unknown stays empty; text is never taken for a formula or a link."""
    if value is None:
        return
    if isinstance(value, bool):
        page.write_string(row, place, "是 yes" if value else "否 no")
    elif isinstance(value, (int, float, Decimal)):
        page.write_number(row, place, value, look)
    elif isinstance(value, (date, datetime)):
        page.write_datetime(row, place, value, look)
    else:
        page.write_string(row, place, ", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _number_format(head: str, sheet: Sheet) -> str:
    if head in sheet.percent:
        return SHARE
    return MONEY if "¥" in head else NUMBER
