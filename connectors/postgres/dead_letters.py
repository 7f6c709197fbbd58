"""Records that could not be stored, kept with the reason until somebody looks at them.

Belongs here: writing `ops.dead_letters`. The same refused payload is one row, however often it is read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from connectors.postgres.packing import fingerprint


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why, where inside the record, the source's bytes (free of personal data)."""

    reason_code: str
    field_path: str
    message: str
    payload: bytes


async def keep_dead_letters(
    conn: AsyncConnection, letters: Sequence[DeadLetter], *, shop_id: int, stream: str, run_id: str
) -> None:
    """Store them in the caller's transaction; one that was resolved and comes back is open again."""
    if not letters:
        return
    statement = """
        insert into ops.dead_letters as d
            (shop_id, stream, reason_code, field_path, message, payload, payload_hash, run_id)
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (shop_id, stream, payload_hash) do update set resolved_at = null, run_id = excluded.run_id
            where d.resolved_at is not null
    """
    async with conn.cursor() as cursor:
        await cursor.executemany(statement, [_row(letter, shop_id, stream, run_id) for letter in letters])


def _row(letter: DeadLetter, shop_id: int, stream: str, run_id: str) -> tuple[object, ...]:
    text = letter.payload.decode(errors="replace").replace("\x00", "\\u0000")
    return (
        shop_id,
        stream,
        letter.reason_code,
        letter.field_path,
        letter.message,
        text,
        fingerprint(letter.payload),
        run_id,
    )
