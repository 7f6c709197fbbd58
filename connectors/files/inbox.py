"""The watched folder: finished files are imported and moved to `done/` or `failed/`; files still being written wait.

Belongs here: what happens to files as files. Does not belong here: what is in them (`landing`).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from connectors.errors import ConfigurationError
from connectors.files.landing import import_file
from connectors.files.report import REASON_SUFFIX, REJECTED_SUFFIX, ImportReport, rejected_path
from connectors.files.source import MissingFileError
from connectors.settings import Settings

QUIET_SECONDS = 2.0
"""A file that did not change for this long is taken as finished."""

_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp")


def import_inbox(
    database_url: str,
    *,
    settings: Settings,
    run_id: str,
    on_event: Callable[[ImportReport], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[ImportReport]:
    """Import every finished file of `settings.file_inbox`, by name, and report each as it is done.

    One bad file never stops another. Raises TransientError or ConfigurationError when the database is out of reach or
    not migrated; the remaining files then stay in the inbox.
    """
    inbox = settings.file_inbox
    inbox.mkdir(parents=True, exist_ok=True)
    reports = []
    for path in finished_files(inbox, sleep=sleep):
        try:
            report = import_file(database_url, path, run_id=run_id)
        except MissingFileError:
            continue  # another process visits the same inbox and was faster
        reports.append(_put_away(path, report))
        on_event(reports[-1])
    return reports


def finished_files(inbox: Path, *, sleep: Callable[[float], None] = time.sleep) -> list[Path]:
    """Files of the inbox that have kept their size and time for QUIET_SECONDS; waits at most that long."""
    before = {path: state for path in dropped_files(inbox) if (state := _state(path))}
    youngest = max((modified for _, modified in before.values()), default=0)
    age = time.time() - youngest / 1e9
    if before and age < QUIET_SECONDS:
        sleep(min(QUIET_SECONDS, QUIET_SECONDS - age))
    return [path for path, state in before.items() if _state(path) == state]


def dropped_files(inbox: Path) -> Sequence[Path]:
    """Regular files that people put here, sorted by name; not office locks, downloads in progress or our own notes."""
    if not inbox.is_dir():
        return []
    return sorted(path for path in inbox.iterdir() if path.is_file() and not _is_foreign(path.name))


def _is_foreign(name: str) -> bool:
    unfinished = name.startswith((".", "~$")) or name.casefold().endswith(_UNFINISHED)
    return unfinished or name.endswith((REJECTED_SUFFIX, REASON_SUFFIX))


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _put_away(path: Path, report: ImportReport) -> ImportReport:
    """Move the file and its list of refused rows; a reason file explains each failure."""
    folder = path.parent / ("failed" if report.status == "failed" else "done")
    try:
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        if target.exists():
            target = folder / f"{path.stem}.{report.file_hash[:8]}{path.suffix}"
        shutil.move(path, target)
        if report.status == "failed":
            target.with_name(target.name + REASON_SUFFIX).write_text(f"{report}\n", encoding="utf-8")
        if report.rejected_file is None:
            return report
        return replace(report, rejected_file=Path(shutil.move(report.rejected_file, rejected_path(target))))
    except FileNotFoundError:
        return report  # another process put it away
    except OSError as problem:
        raise ConfigurationError(
            f"{path.name} was imported but cannot be moved to {folder.name}/: {problem.strerror}",
            remedy="make the inbox writable; importing it again changes nothing",
        ) from problem
