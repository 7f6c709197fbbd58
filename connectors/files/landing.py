"""Landing one file: good rows, refused rows and the import history in a single transaction.

Belongs here: versions of a file, COPY, dead letters, history.
Does not belong here: folders (`inbox`) and cells (`rows`).

Versions: the newest version of a file name wins, so the rows of the version before are deleted in the transaction that
lands the new ones. A file without a single good row replaces nothing. Content that is loaded already, under whatever
name, is skipped, unless rows of it had been refused: those get another chance, for instance after a shop was added.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from connectors.errors import ConfigurationError, TransientError
from connectors.files.reading import UnreadableFileError, read_grid
from connectors.files.report import (
    ImportReport,
    dead_letter_payload,
    dead_letter_prefix,
    rejected_path,
    summarise,
    write_rejected,
)
from connectors.files.rows import ParsedFile, parse_rows
from connectors.files.shops import ShopBook, read_shops
from connectors.files.tables import TABLES, FileTable, table_of
from connectors.settings import Settings

NO_SHOP = 0
"""`ops.dead_letters.shop_id` of a row whose shop is unknown or which is meant for all shops."""


class MissingFileError(ConfigurationError):
    """There is no file at the path."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read, once: `name` is its identity, `digest` (SHA-256, hex) the identity of its content."""

    name: str
    suffix: str
    content: bytes
    digest: str
    run_id: str
    started_at: datetime


def import_file(
    database_url: str,
    path: Path,
    *,
    settings: Settings,  # noqa: ARG001 - every import takes the settings, whether it has a knob yet or not
    run_id: str,
    dry_run: bool = False,
) -> ImportReport:
    """Load one file into the table that its name begins with, and say what became of each row.

    A file that cannot be used is a report with status `failed` and the remedy, not an exception. Raises
    MissingFileError, ConfigurationError (database not migrated) and TransientError (database out of reach; nothing
    changed).
    """
    try:
        source = _read(path, run_id)
    except UnreadableFileError as problem:
        return ImportReport(path.name, None, "failed", f"nothing was loaded: {problem}", dry_run=dry_run)
    try:
        with psycopg.connect(database_url, autocommit=True) as conn:
            report, parsed = _import(conn, source, dry_run=dry_run)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as problem:
        raise ConfigurationError(
            f"{path.name}: the database has no table for it", remedy="run omni db migrate"
        ) from problem
    except psycopg.OperationalError as problem:
        raise TransientError(f"{path.name}: the database cannot be reached; the file stays where it is") from problem
    return report if dry_run or parsed is None else _tell_refused(path, parsed, report)


def _read(path: Path, run_id: str) -> SourceFile:
    try:
        content = path.read_bytes()
    except FileNotFoundError as problem:
        raise MissingFileError(f"there is no file {path.name}", remedy="check the path") from problem
    except OSError as problem:
        raise UnreadableFileError(
            f"the file cannot be opened: {problem.strerror}", remedy="check its rights"
        ) from problem
    name = path.name.encode("utf-8", "backslashreplace").decode("utf-8")
    digest = hashlib.sha256(content).hexdigest()
    return SourceFile(name, path.suffix.casefold(), content, digest, run_id, datetime.now(UTC))


def _import(conn: psycopg.Connection, source: SourceFile, *, dry_run: bool) -> tuple[ImportReport, ParsedFile | None]:
    table = table_of(source.name)
    try:
        if table is None:
            names = ", ".join(TABLES)
            raise UnreadableFileError("the file's name names no table", remedy=f"begin its name with one of {names}")
        grid = read_grid(source.content, source.suffix, sheet=table.name)
        shops = read_shops(conn)
        parsed = parse_rows(grid, table, shops.find)
        return _land(conn, source, table, parsed, shops, dry_run=dry_run), parsed
    except (UnreadableFileError, psycopg.DataError, psycopg.IntegrityError) as problem:
        reason = str(problem) if isinstance(problem, UnreadableFileError) else f"the database refused it: {problem}"
        report = _report(source, table, status="failed", message=f"nothing was loaded: {reason}", dry_run=dry_run)
        if not dry_run:
            _record(conn, source, report)
        return report, None


def _report(source: SourceFile, table: FileTable | None, **figures: object) -> ImportReport:
    base = ImportReport(source.name, table.name if table else None, "completed", "", file_hash=source.digest)
    return replace(base, **figures)  # type: ignore[arg-type]


def _land(
    conn: psycopg.Connection,
    source: SourceFile,
    table: FileTable,
    parsed: ParsedFile,
    shops: ShopBook,
    *,
    dry_run: bool,
) -> ImportReport:
    with conn.transaction():
        # One import per table at a time: two processes may visit the same inbox.
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [table.stream])
        twin = _loaded_as(conn, source, table)
        if twin is not None:
            report = _skipped(source, table, parsed, twin, dry_run=dry_run)
        else:
            changed, removed = _compare(conn, source, table, parsed)
            report = _report(
                source,
                table,
                status="completed" if parsed.good else "failed",
                message=summarise(parsed, dry_run=dry_run),
                rows_ok=len(parsed.good),
                rows_rejected=len(parsed.refused),
                rows_changed=changed,
                rows_removed=removed,
                shops=shops.names(_shop_ids(table, parsed)),
                dry_run=dry_run,
            )
        if not dry_run:
            if twin is None:
                _write(conn, source, table, parsed)
            _record(conn, source, report)
    return report


def _loaded_as(conn: psycopg.Connection, source: SourceFile, table: FileTable) -> str | None:
    """The name under which this very content is loaded completely; None if it is not."""
    loaded = conn.execute(
        sql.SQL("select source_file from raw_files.{} where file_hash = %s limit 1").format(sql.Identifier(table.name)),
        [source.digest],
    ).fetchone()
    if loaded is None:
        return None
    refused = conn.execute(
        "select rows_failed from ops.import_history where file_hash = %s and import_type = %s and status = 'completed' "
        "order by id desc limit 1",
        [source.digest, table.name],
    ).fetchone()
    return None if refused and refused[0] else str(loaded[0])


def _skipped(source: SourceFile, table: FileTable, parsed: ParsedFile, twin: str, *, dry_run: bool) -> ImportReport:
    same = "this content is loaded already" if twin == source.name else f"its content is loaded already as {twin}"
    rows = len(parsed.good) + len(parsed.refused)
    return _report(
        source, table, status="skipped", message=f"{same}; nothing changed", rows_skipped=rows, dry_run=dry_run
    )


def _compare(conn: psycopg.Connection, source: SourceFile, table: FileTable, parsed: ParsedFile) -> tuple[int, int]:
    """Rows that the stored version of this file name does not hold, and its rows that this version no longer holds."""
    if not parsed.good:
        return 0, 0
    query = sql.SQL("select {} from raw_files.{} where source_file = %s").format(
        _columns(table), sql.Identifier(table.name)
    )
    before = Counter(conn.execute(query, [source.name]).fetchall())
    now = Counter(row.values for row in parsed.good)
    return (now - before).total(), (before - now).total()


def _write(conn: psycopg.Connection, source: SourceFile, table: FileTable, parsed: ParsedFile) -> None:
    if parsed.good:
        name = sql.Identifier(table.name)
        delete = sql.SQL("delete from raw_files.{} where source_file = %s or file_hash = %s").format(name)
        conn.execute(delete, [source.name, source.digest])
        copy = sql.SQL("copy raw_files.{} ({}, source_file, file_hash, row_no, run_id) from stdin").format(
            name, _columns(table)
        )
        with conn.cursor() as cursor, cursor.copy(copy) as rows:
            for row in parsed.good:
                rows.write_row((*row.values, source.name, source.digest, row.row_no, source.run_id))
    _write_dead_letters(conn, source, table, parsed)


def _write_dead_letters(conn: psycopg.Connection, source: SourceFile, table: FileTable, parsed: ParsedFile) -> None:
    """Refused rows of the newest version are open letters; those of the versions before are settled by it."""
    conn.execute(
        "update ops.dead_letters set resolved_at = now() "
        "where stream = %s and resolved_at is null and starts_with(payload, %s)",
        [table.stream, dead_letter_prefix(source.name)],
    )
    letters = []
    for row in parsed.refused:
        payload = dead_letter_payload(source.name, parsed.header, row)
        first, message = row.problems[0], "; ".join(str(problem) for problem in row.problems)
        digest = hashlib.sha256(payload.encode()).digest()
        shop = NO_SHOP if row.shop_id is None else row.shop_id
        letters.append((shop, table.stream, first.code, first.column, message, payload, digest, source.run_id))
    if letters:
        conn.cursor().executemany(_DEAD_LETTER, letters)


_DEAD_LETTER = """
    insert into ops.dead_letters (shop_id, stream, reason_code, field_path, message, payload, payload_hash, run_id)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (shop_id, stream, payload_hash) do update
    set reason_code = excluded.reason_code, field_path = excluded.field_path, message = excluded.message,
        run_id = excluded.run_id, resolved_at = null
"""


def _record(conn: psycopg.Connection, source: SourceFile, report: ImportReport) -> None:
    conn.execute(
        "insert into ops.import_history (import_type, file_name, file_hash, rows_ok, rows_failed, rows_skipped, "
        "status, message, started_at, completed_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())",
        [
            report.table or "unknown",
            source.name,
            source.digest,
            report.rows_ok,
            report.rows_rejected,
            report.rows_skipped,
            report.status,
            report.message.replace("\x00", ""),
            source.started_at,
        ],
    )


def _tell_refused(path: Path, parsed: ParsedFile, report: ImportReport) -> ImportReport:
    """Bring the list of refused rows beside the file up to date; failing at that does not undo the load."""
    try:
        if report.rows_rejected:
            return replace(report, rejected_file=write_rejected(path, parsed))
        rejected_path(path).unlink(missing_ok=True)
    except OSError as problem:
        note = (
            f"the list of refused rows could not be written beside the file ({problem.strerror}): see ops.dead_letters"
        )
        return replace(report, message=f"{report.message}; {note}")
    return report


def _columns(table: FileTable) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.target) for column in table.columns)


def _shop_ids(table: FileTable, parsed: ParsedFile) -> set[int]:
    places: Mapping[str, int] = {column.target: place for place, column in enumerate(table.columns)}
    if "shop_id" not in places:
        return set()
    good = {row.values[places["shop_id"]] for row in parsed.good}
    return {shop for shop in good | {row.shop_id for row in parsed.refused} if isinstance(shop, int)}
