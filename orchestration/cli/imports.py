"""`omni import`: files of costs, rates, targets, charges and statements, loaded as the watched folder does it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from connectors.files import ImportReport, import_file
from connectors.settings import Settings
from orchestration.cli.console import complain, out, say, table
from orchestration.cli.db import migrated_database
from orchestration.import_impact import Impact, ImpactWatch

COLUMNS = ("file", "table", "new", "changed", "unchanged", "no longer in it", "rejected", "outcome")
MOST_REASONS = 10
Outcome = tuple[ImportReport, Impact | None]


def import_files(
    files: Annotated[list[Path], typer.Argument(help="CSV or XLSX files, named after their table.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen and write nothing.")] = False,
    into: Annotated[str | None, typer.Option("--table", help="The table, where the name of a file says none.")] = None,
) -> None:
    """Load files as the watched folder does: good rows land, rejected ones are written beside the file with the reason.

    A file's name is its identity: the same content again changes nothing, new content under the same name is a new
    version whose rows replace those of the version before. Fails if a file cannot be used at all.

    Examples: `omni import product_costs.xlsx --dry-run` · `omni import nov.csv --table fx_rates`
    """
    url = migrated_database(Settings())
    run_id, who = f"cli-{uuid4()}", _account()
    outcomes: list[Outcome] = []
    for number, path in enumerate(files, start=1):
        say(f"{number} of {len(files)}: {path.name}")
        watch = ImpactWatch()
        report = import_file(url, path, run_id=run_id, dry_run=dry_run, table=into, imported_by=who, watch=watch)
        outcomes.append((report, watch.found))
    _show(outcomes, dry_run=dry_run)
    raise typer.Exit(1 if any(report.status == "failed" for report, _ in outcomes) else 0)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have a number and no name
        return "unknown"


def _show(outcomes: list[Outcome], *, dry_run: bool) -> None:
    loaded = [report for report, _ in outcomes if report.status != "failed"]
    if loaded:
        table("Would be imported" if dry_run else "Imported", COLUMNS, [_row(report) for report in loaded])
    for report, impact in outcomes:
        _show_reasons(report)
        if report.status == "failed":
            complain(str(report))
        else:
            words = _impact_words(impact) if report.status == "completed" else report.message
            out.print(f"{report.file_name}: {words}", markup=False)
        if report.rejected_file:
            out.print(f"{report.file_name}: rejected rows are in {report.rejected_file.name} beside it", markup=False)


def _row(report: ImportReport) -> tuple[object, ...]:
    changed = report.rows_changed - report.rows_new
    unchanged = report.rows_unchanged + report.rows_skipped
    counts = (report.rows_new, changed, unchanged, report.rows_removed, report.rows_rejected)
    return (report.file_name, report.table, *counts, report.status)


def _show_reasons(report: ImportReport) -> None:
    for row in report.refused[:MOST_REASONS]:
        reason = "; ".join(str(problem) for problem in row.problems)
        out.print(f"{report.file_name} row {row.row_no} rejected: {reason}", markup=False)
    if len(report.refused) > MOST_REASONS:
        out.print(f"{report.file_name}: {len(report.refused) - MOST_REASONS} more rejected rows", markup=False)


def _impact_words(impact: Impact | None) -> str:
    if impact is not None:
        return str(impact)
    return "which orders it changes can be told once the marts are built (omni up, then Dagster › build_marts)"
