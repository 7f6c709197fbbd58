"""The import history: which content was loaded under which name, by whom, with what result.

Belongs here: rows of `ops.import_history`. A version is the n-th content that was loaded under one name.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from connectors.files.report import ImportReport
from connectors.files.source import SourceFile
from connectors.files.tables import FileTable


def loaded_as(conn: psycopg.Connection, source: SourceFile, table: FileTable) -> str | None:
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


def record(conn: psycopg.Connection, source: SourceFile, report: ImportReport) -> None:
    """Write one import down. A load counts as the next version of the name; what loaded nothing has no version."""
    conn.execute(
        """
        insert into ops.import_history (
            import_type, file_name, file_hash, rows_ok, rows_failed, rows_skipped, rows_changed, rows_removed, status,
            message, imported_by, run_id, started_at, completed_at, version
        )
        select %(table)s, %(name)s, %(digest)s, %(ok)s, %(rejected)s, %(skipped)s, %(changed)s, %(removed)s,
            %(status)s, %(message)s, %(by)s, %(run_id)s, %(started_at)s, clock_timestamp(),
            case when %(status)s = 'completed' then 1 + count(*) filter (where status = 'completed') end
        from ops.import_history where import_type = %(table)s and file_name = %(name)s
        """,
        {
            "table": report.table or "unknown",
            "name": source.name,
            "digest": source.digest,
            "ok": report.rows_ok,
            "rejected": report.rows_rejected,
            "skipped": report.rows_skipped,
            "changed": report.rows_changed,
            "removed": report.rows_removed,
            "status": report.status,
            "message": report.message.replace("\x00", ""),
            "by": source.imported_by,
            "run_id": source.run_id,
            "started_at": source.started_at,
        },
    )
