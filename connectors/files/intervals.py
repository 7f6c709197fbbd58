"""Validities that must not overlap: which rows of a file contradict others, and where a later start ends an open one.

Belongs here: the tables whose rows exclude each other in time (`FileTable.exclusive`), as the database keeps it, too:
`raw_files.product_costs_no_overlap`. An open interval ends at the next start of its key; a later upload with the same
start replaces; a written end behind another start is a contradiction, which a person has to solve.
Does not belong here: which cost an order takes (rule C, dbt).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg

from connectors.files.rows import GoodRow, ParsedFile, Problem, RefusedRow
from connectors.files.source import SourceFile
from connectors.files.tables import FileTable

Key = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class Interval:
    """A validity `[start, end)`; no end = open. `origin` names the row for people."""

    start: datetime
    end: datetime | None
    origin: str

    def contradicts(self, other: Interval) -> bool:
        """Whether the earlier one says that it ends after the other's start; the same start is no contradiction."""
        first, second = sorted((self, other), key=lambda one: one.start)
        return first.start < second.start and first.end is not None and first.end > second.start


def refuse_contradictions(parsed: ParsedFile, table: FileTable, stored: Mapping[Key, Sequence[Interval]]) -> ParsedFile:
    """The file with every row refused that contradicts a row above it or a `stored` row of another file."""
    rows = [(*_interval(row, table), row) for row in parsed.good]
    restated = {(key, interval.start) for key, interval, _ in rows}
    taken: dict[Key, list[Interval]] = {}
    good, refused = [], list(parsed.refused)
    for key, interval, row in rows:
        if key not in taken:
            taken[key] = [one for one in stored.get(key, ()) if (key, one.start) not in restated]
        rival = next((one for one in taken[key] if interval.contradicts(one)), None)
        if rival is None:
            taken[key].append(interval)
            good.append(row)
        else:
            refused.append(RefusedRow(row.row_no, row.cells, (_problem(rival),), key[0]))
    return replace(parsed, good=good, refused=sorted(refused, key=lambda one: one.row_no))


def _interval(row: GoodRow, table: FileTable) -> tuple[Key, Interval]:
    said = dict(zip(table.targets, row.values, strict=True))
    interval = Interval(said["effective_from"], said["effective_to"], f"row {row.row_no}")  # type: ignore[arg-type]
    return (said["shop_id"], str(said["sku_code"]).upper()), interval  # type: ignore[return-value]


def _problem(rival: Interval) -> Problem:
    until = f"{rival.end:%Y-%m-%d %H:%M}" if rival.end else "further notice"
    message = (
        f"overlaps {rival.origin}, which is valid from {rival.start:%Y-%m-%d %H:%M} until {until} (UTC): "
        "end one where the other begins"
    )
    return Problem("overlapping_interval", None, message)


def stored_intervals(
    conn: psycopg.Connection, source: SourceFile, table: FileTable, parsed: ParsedFile
) -> dict[Key, list[Interval]]:
    """What other files say about the articles of this one; what a later upload has replaced is left out."""
    codes = list({_interval(row, table)[0][1] for row in parsed.good})
    found = conn.execute(
        """
        select shop_id, sku_code, effective_from, case when effective_to is not null then
            coalesce(closed_at, effective_to) end, source_file || ' row ' || row_no
        from raw_files.product_costs
        where upper(sku_code) in (select upper(code) from unnest(%s::text[]) code)
            and source_file <> %s and file_hash <> %s and closed_at is distinct from effective_from
        order by effective_from
        """,
        [codes, source.name, source.digest],
    ).fetchall()
    stored: dict[Key, list[Interval]] = {}
    for shop, code, *interval in found:
        stored.setdefault((shop, code.upper()), []).append(Interval(*interval))
    return stored


def close_intervals(conn: psycopg.Connection) -> None:
    """Let every interval end where the next one of its key begins, and have the database check it now."""
    conn.execute(
        """
        with followed as (
            select file_hash, row_no, effective_to, lead(effective_from) over (
                partition by shop_id, upper(sku_code) order by effective_from, loaded_at, row_no
            ) as next_from
            from raw_files.product_costs
            where effective_to is null or effective_to > effective_from
        ), ends as (
            select file_hash, row_no,
                case when effective_to is null or effective_to > next_from then next_from end as closed_at
            from followed
        )
        update raw_files.product_costs c set closed_at = ends.closed_at
        from ends
        where (c.file_hash, c.row_no) = (ends.file_hash, ends.row_no) and c.closed_at is distinct from ends.closed_at
        """
    )
    conn.execute("set constraints raw_files.product_costs_no_overlap immediate")
