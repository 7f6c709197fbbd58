"""Landing one file: good rows, refused rows and the import history in a single transaction.

Belongs here: versions of a file, COPY, and the order of the steps.
Does not belong here: folders (`inbox`), cells (`rows`), contradictions (`intervals`), bookkeeping (`history`,
`letters`).

Versions: the newest version of a file name wins, so the rows of the version before are deleted in the transaction that
lands the new ones. A file without a single good row replaces nothing. Content that is loaded already, under whatever
name, is skipped, unless rows of it had been refused: those get another chance, for instance after a shop was added;
if none of them has become good, no stored row is touched.
A dry run is the same transaction, taken back at its end: what it says is what an import does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql

from connectors.errors import ConfigurationError, TransientError
from connectors.files.history import loaded_as, record
from connectors.files.intervals import close_intervals, refuse_contradictions, stored_intervals
from connectors.files.letters import settle_letters, write_letters
from connectors.files.reading import UnreadableFileError, read_grid
from connectors.files.report import ImportReport, rejected_path, summarise, write_rejected
from connectors.files.rows import ParsedFile, key_of, parse_rows
from connectors.files.shops import ShopBook, read_shops
from connectors.files.source import SourceFile, read_source
from connectors.files.tables import TABLES, FileTable, table_of

Watch = Callable[[psycopg.Connection, str], AbstractContextManager[None]]
"""Something that looks at the database before and after the rows of a table (its name) change, in the transaction."""


def import_file(
    database_url: str,
    path: Path,
    *,
    run_id: str,
    dry_run: bool = False,
    table: str | None = None,
    imported_by: str = "inbox",
    watch: Watch = lambda _conn, _table: nullcontext(),
) -> ImportReport:
    """Load one file into `table`, or the one that its name begins with, and say what became of each row.

    A file that cannot be used is a report with status `failed` and the remedy, not an exception. Raises
    MissingFileError, ConfigurationError (database not migrated, unknown table) and TransientError (database out of
    reach; nothing changed).
    """
    chosen = _chosen(table, path)
    try:
        source = read_source(path, run_id, imported_by)
    except UnreadableFileError as problem:
        return ImportReport(path.name, None, "failed", f"nothing was loaded: {problem}", dry_run=dry_run)
    try:
        with psycopg.connect(database_url, autocommit=True) as conn:
            report, parsed = _import(conn, source, chosen, watch, dry_run=dry_run)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as problem:
        raise ConfigurationError(
            f"{path.name}: the database has no table for it", remedy="run omni db migrate"
        ) from problem
    except psycopg.OperationalError as problem:
        raise TransientError(f"{path.name}: the database cannot be reached; the file stays where it is") from problem
    return report if dry_run or parsed is None else _tell_refused(path, parsed, report)


def _chosen(table: str | None, path: Path) -> FileTable | None:
    if table is not None and table not in TABLES:
        raise ConfigurationError(f"no file fills a table {table}", remedy=f"choose among {', '.join(TABLES)}")
    return TABLES[table] if table else table_of(path.name)


def _import(
    conn: psycopg.Connection, source: SourceFile, table: FileTable | None, watch: Watch, *, dry_run: bool
) -> tuple[ImportReport, ParsedFile | None]:
    try:
        if table is None:
            names = ", ".join(TABLES)
            raise UnreadableFileError("the file's name names no table", remedy=f"begin its name with one of {names}")
        grid = read_grid(source.content, source.suffix, sheet=table.name)
        shops = read_shops(conn)
        parsed = parse_rows(grid, table, shops.find)
        # Taken back at its end, a dry run needs no second way of telling what an import would do.
        with conn.transaction(force_rollback=dry_run):
            return _land(conn, source, table, parsed, shops, watch, dry_run=dry_run)
    except (UnreadableFileError, psycopg.DataError, psycopg.IntegrityError) as problem:
        reason = str(problem) if isinstance(problem, UnreadableFileError) else f"the database refused it: {problem}"
        report = _report(source, table, status="failed", message=f"nothing was loaded: {reason}", dry_run=dry_run)
        if not dry_run:
            record(conn, source, report)
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
    watch: Watch,
    *,
    dry_run: bool,
) -> tuple[ImportReport, ParsedFile]:
    # One import per table at a time: two processes may visit the same inbox.
    conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [table.stream])
    twin = loaded_as(conn, source, table)
    if twin is not None:
        removed = 0
        if twin != source.name:  # this name had other content before: the newest version of a name counts
            with watch(conn, table.name):
                removed = _take_out(conn, source, table)
            settle_letters(conn, source, table)
        report = _skipped(source, table, parsed, twin, removed, dry_run=dry_run)
    else:
        if table.is_exclusive:
            parsed = refuse_contradictions(parsed, table, stored_intervals(conn, source, table, parsed))
        report = _loaded(conn, source, table, parsed, shops, dry_run=dry_run)
        if report.rows_changed or report.rows_removed or not _holds(conn, source, table):
            with watch(conn, table.name):
                _write(conn, source, table, parsed)
        write_letters(conn, source, table, parsed)
    record(conn, source, report)
    return report, parsed


def _skipped(
    source: SourceFile, table: FileTable, parsed: ParsedFile, twin: str, removed: int, *, dry_run: bool
) -> ImportReport:
    same = "this content is loaded already" if twin == source.name else f"its content is loaded already as {twin}"
    changed = f"the {removed} rows of its version before are taken out" if removed else "nothing changed"
    rows = len(parsed.good) + len(parsed.refused)
    return _report(
        source,
        table,
        status="skipped",
        message=f"{same}; {changed}",
        rows_skipped=rows,
        rows_removed=removed,
        dry_run=dry_run,
    )


def _loaded(
    conn: psycopg.Connection,
    source: SourceFile,
    table: FileTable,
    parsed: ParsedFile,
    shops: ShopBook,
    *,
    dry_run: bool,
) -> ImportReport:
    changed, new, removed = _compare(conn, source, table, parsed)
    return _report(
        source,
        table,
        status="completed" if parsed.good else "failed",
        message=summarise(parsed, dry_run=dry_run),
        rows_ok=len(parsed.good),
        rows_rejected=len(parsed.refused),
        rows_changed=changed,
        rows_new=new,
        rows_removed=removed,
        shops=shops.names(_shop_ids(table, parsed)),
        refused=tuple(parsed.refused),
        dry_run=dry_run,
    )


def _holds(conn: psycopg.Connection, source: SourceFile, table: FileTable) -> bool:
    """Whether rows of this very content are stored under this very name."""
    query = sql.SQL("select exists (select from raw_files.{} where (source_file, file_hash) = (%s, %s))")
    found = conn.execute(query.format(sql.Identifier(table.name)), [source.name, source.digest]).fetchone()
    return bool(found and found[0])


def _compare(
    conn: psycopg.Connection, source: SourceFile, table: FileTable, parsed: ParsedFile
) -> tuple[int, int, int]:
    """Rows that the stored version of this file name does not hold, those of them with a key that it does not know
    either, and its rows that this version no longer holds."""
    if not parsed.good:
        return 0, 0, 0
    query = sql.SQL("select {} from raw_files.{} where source_file = %s").format(
        _columns(table), sql.Identifier(table.name)
    )
    before = Counter(conn.execute(query, [source.name]).fetchall())
    now = Counter(row.values for row in parsed.good)
    added = now - before
    known = {_key(values, table) for values in before} if table.key else set()
    new = sum(count for values, count in added.items() if not table.key or _key(values, table) not in known)
    return added.total(), new, (before - now).total()


def _key(values: tuple[object, ...], table: FileTable) -> tuple[object, ...]:
    return key_of(dict(zip(table.targets, values, strict=True)), table)


def _write(conn: psycopg.Connection, source: SourceFile, table: FileTable, parsed: ParsedFile) -> None:
    if not parsed.good:
        return
    name = sql.Identifier(table.name)
    delete = sql.SQL("delete from raw_files.{} where source_file = %s or file_hash = %s").format(name)
    conn.execute(delete, [source.name, source.digest])
    copy = sql.SQL("copy raw_files.{} ({}, source_file, file_hash, row_no, run_id) from stdin").format(
        name, _columns(table)
    )
    with conn.cursor() as cursor, cursor.copy(copy) as rows:
        for row in parsed.good:
            rows.write_row((*row.values, source.name, source.digest, row.row_no, source.run_id))
    if table.is_exclusive:
        close_intervals(conn)


def _take_out(conn: psycopg.Connection, source: SourceFile, table: FileTable) -> int:
    """Delete the rows that an earlier version of this file name brought; how many there were."""
    delete = sql.SQL("delete from raw_files.{} where source_file = %s").format(sql.Identifier(table.name))
    removed = conn.execute(delete, [source.name]).rowcount
    if removed and table.is_exclusive:
        close_intervals(conn)
    return removed


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
    return sql.SQL(", ").join(map(sql.Identifier, table.targets))


def _shop_ids(table: FileTable, parsed: ParsedFile) -> set[int]:
    if "shop_id" not in table.targets:
        return set()
    place = table.targets.index("shop_id")
    good = {row.values[place] for row in parsed.good}
    return {shop for shop in good | {row.shop_id for row in parsed.refused} if isinstance(shop, int)}
