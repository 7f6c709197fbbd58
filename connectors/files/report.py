"""What an import tells people: the report of one file, the list of refused rows beside it, and the reason file.

Belongs here: wording and the two small files that people open.
Does not belong here: deciding (`rows`) or landing (`landing`).
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from connectors.files.rows import ParsedFile, RefusedRow

Status = Literal["completed", "failed", "skipped"]

REJECTED_SUFFIX = ".rejected.csv"
REASON_SUFFIX = ".reason.txt"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One file's outcome. rows_ok + rows_rejected = rows of the file, or rows_skipped alone when it is already loaded.

    `rows_changed` counts good rows that the earlier version of this file name did not hold, of which `rows_new` speak
    of something it did not mention; `rows_removed` its rows that this version no longer holds. `refused` are the rows
    behind `rows_rejected`. In a dry run the figures say what would happen and nothing is written.
    """

    file_name: str
    table: str | None
    status: Status
    message: str
    file_hash: str = ""
    rows_ok: int = 0
    rows_rejected: int = 0
    rows_skipped: int = 0
    rows_changed: int = 0
    rows_new: int = 0
    rows_removed: int = 0
    shops: tuple[str, ...] = ()
    rejected_file: Path | None = None
    dry_run: bool = False
    refused: tuple[RefusedRow, ...] = field(default=(), repr=False)

    @property
    def rows_unchanged(self) -> int:
        """Good rows that the earlier version of this file name holds as they are."""
        return self.rows_ok - self.rows_changed

    def __str__(self) -> str:
        shops = f" ({', '.join(self.shops)})" if self.shops else ""
        return f"{self.file_name}{shops}: {self.message}"


def summarise(parsed: ParsedFile, *, dry_run: bool) -> str:
    """One sentence about a file that could be read, naming the first refused row and the remedy."""
    verb = "would load" if dry_run else "loaded"
    parts = [f"{verb} {len(parsed.good)} rows" if parsed.good else "no row could be used, nothing was loaded"]
    if parsed.refused:
        first = parsed.refused[0]
        parts.append(f"refused {len(parsed.refused)}, first row {first.row_no}: {first.problems[0]}")
        parts.append("correct the refused rows and drop the file again")
    if parsed.ignored:
        parts.append(f"ignored unknown columns {', '.join(parsed.ignored)}"[:200])
    return "; ".join(parts)


def write_rejected(path: Path, parsed: ParsedFile) -> Path:
    """Write the refused rows beside `path`, as they came, with row number and reason; UTF-8 with BOM for Excel."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["row_no", "reason", *parsed.header])
    for row in parsed.refused:
        reason = "; ".join(str(problem) for problem in row.problems)
        writer.writerow([row.row_no, reason, *row.cells])
    target = rejected_path(path)
    target.write_text(buffer.getvalue(), encoding="utf-8-sig", errors="backslashreplace", newline="")
    return target


def rejected_path(path: Path) -> Path:
    """`product_costs.xlsx` → `product_costs.xlsx.rejected.csv`, in the same folder."""
    return path.with_name(path.name + REJECTED_SUFFIX)


def dead_letter_payload(file_name: str, header: tuple[str, ...], row: RefusedRow) -> str:
    """The refused row as JSON: file, row number, cells by header; a cell beyond the header is named by position."""
    names = [*header, *(f"#{n}" for n in range(len(header) + 1, len(row.cells) + 1))]
    cells = [[name, cell] for name, cell in zip(names, row.cells, strict=False)]
    text = json.dumps({"source_file": file_name, "row_no": row.row_no, "cells": cells}, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def dead_letter_prefix(file_name: str) -> str:
    """How the payload of every refused row of this file begins."""
    return json.dumps({"source_file": file_name}, ensure_ascii=False)[:-1] + ", "
