"""Records that were asked about and have no final answer: `ops.unanswered`, so that the ledger can name each of them.

Belongs here: keeping that list while answers land, one statement per part of a stream and none where nobody asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import AsyncConnection

from connectors.records import Unanswered

_FORGET = "delete from ops.unanswered where shop_id = %s and stream = %s and record_key = any(%s)"
_KEEP = """
    insert into ops.unanswered (shop_id, stream, record_key, cause)
    select %s, %s, record_key, cause from unnest(%s::text[], %s::text[]) as told (record_key, cause)
    on conflict (shop_id, stream, record_key) do update set cause = excluded.cause, told_at = now()
"""


async def note_asked(
    conn: AsyncConnection, asked: Mapping[str, Unanswered | None], *, shop_id: int, stream: str
) -> None:
    """What came of asking about these records, in the caller's transaction; None = it has its answer."""
    answered = [key for key, cause in asked.items() if cause is None]
    if answered:
        await conn.execute(_FORGET, [shop_id, stream, answered])
    left = {key: cause for key, cause in asked.items() if cause is not None}
    if left:
        await conn.execute(_KEEP, [shop_id, stream, list(left), list(left.values())])
