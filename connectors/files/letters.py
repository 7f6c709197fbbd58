"""Refused rows as dead letters: kept with their reason until a newer version of the file settles them.

Belongs here: rows of `ops.dead_letters` that come from files. What a letter's payload looks like says `report`.
"""

from __future__ import annotations

import hashlib

import psycopg

from connectors.files.report import dead_letter_payload, dead_letter_prefix
from connectors.files.rows import ParsedFile
from connectors.files.source import SourceFile
from connectors.files.tables import FileTable

NO_SHOP = 0
"""`ops.dead_letters.shop_id` of a row whose shop is unknown or which is meant for all shops."""


def write_letters(conn: psycopg.Connection, source: SourceFile, table: FileTable, parsed: ParsedFile) -> None:
    """Refused rows of the newest version are open letters; those of the versions before are settled by it."""
    settle_letters(conn, source, table)
    letters = []
    for row in parsed.refused:
        payload = dead_letter_payload(source.name, parsed.header, row)
        first, message = row.problems[0], "; ".join(str(problem) for problem in row.problems)
        digest = hashlib.sha256(payload.encode()).digest()
        shop = NO_SHOP if row.shop_id is None else row.shop_id
        letters.append((shop, table.stream, first.code, first.column, message, payload, digest, source.run_id))
    if letters:
        conn.cursor().executemany(_DEAD_LETTER, letters)


def settle_letters(conn: psycopg.Connection, source: SourceFile, table: FileTable) -> None:
    """Close the letters of every version of this file name so far."""
    conn.execute(
        "update ops.dead_letters set resolved_at = now() "
        "where stream = %s and resolved_at is null and starts_with(payload, %s)",
        [table.stream, dead_letter_prefix(source.name)],
    )


_DEAD_LETTER = """
    insert into ops.dead_letters (shop_id, stream, reason_code, field_path, message, payload, payload_hash, run_id)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (shop_id, stream, payload_hash) do update
    set reason_code = excluded.reason_code, field_path = excluded.field_path, message = excluded.message,
        run_id = excluded.run_id, resolved_at = null
"""
