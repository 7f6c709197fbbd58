"""Landing records in a raw table: one pass per batch, in the caller's transaction, on an async connection.

Belongs here: the law of landing – any split, any order and any repetition of the same observations give the same rows.
A newer `source_updated_at` wins; at the same instant the content that was observed last wins; an observation that loses
is kept as a version where the table has versions, else dropped. Calls for one shop and stream must not overlap
(`locks.writer_lock`); should they, a key conflict sends the rows down the slower path and nothing is lost.

Speed: what is stored already is compared by hash before anything travels; new keys are copied straight into the table;
only changed rows take the way through a temporary table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from psycopg import AsyncConnection, errors, sql

from connectors.postgres import statements
from connectors.postgres.packing import pack_rows
from connectors.postgres.tables import RawTable
from connectors.records import RawRecord

_HASH_BYTES = 16
_UNSTORABLE = (errors.DataError, errors.ProgramLimitExceeded, errors.StatementTooComplex)
"""What the server says to a value that no jsonb or index can hold, such as the escape of a zero character."""

Row = tuple[object, ...]


@dataclass(slots=True)
class Loaded:
    """What became of the records given; every one of them is counted or refused exactly once."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    refused: list[Refused] = field(default_factory=list)

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.stale + other.stale,
            self.refused + other.refused,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A payload that the server cannot store, and its words for why."""

    payload: bytes
    message: str


async def load_records(
    conn: AsyncConnection, table: RawTable, records: Sequence[RawRecord], *, shop_id: int, run_id: str
) -> Loaded:
    """Land `records` of one shop, in the order in which they were observed."""
    loaded = Loaded()
    for batch in _without_repeated_keys(records):
        loaded += await _load_batch(conn, table, batch, shop_id=shop_id, run_id=run_id)
    return loaded


def payload_hash(payload: bytes) -> bytes:
    """Fingerprint of a payload's bytes."""
    return blake2b(payload, digest_size=_HASH_BYTES).digest()


async def _load_batch(
    conn: AsyncConnection, table: RawTable, records: Sequence[RawRecord], *, shop_id: int, run_id: str
) -> Loaded:
    stored = await _stored(conn, table, shop_id, records)
    loaded, fresh, changed = Loaded(), list[Row](), list[Row]()
    for record in records:
        digest = payload_hash(record.payload)
        row = (shop_id, *record.key, *record.columns, record.source_updated_at, record.payload, digest, run_id)
        known = stored.get(record.key)
        if known is None:
            fresh.append(row)
        elif _is_unchanged(table, record.source_updated_at, digest, known):
            loaded.unchanged += 1
        elif record.source_updated_at < known[0] and not table.versions:
            loaded.stale += 1
        else:
            changed.append(row)
    loaded += await _insert(conn, table, fresh)
    loaded += await _merge(conn, table, changed)
    return loaded


def _is_unchanged(table: RawTable, updated_at: datetime, digest: bytes, known: tuple[datetime, bytes]) -> bool:
    return digest == known[1] and (table.first_sight or updated_at == known[0])


async def _stored(
    conn: AsyncConnection, table: RawTable, shop_id: int, records: Sequence[RawRecord]
) -> dict[Row, tuple[datetime, bytes]]:
    """Update time and hash of those keys that the table holds already."""
    keys = [list(column) for column in zip(*(record.key for record in records), strict=True)]
    cursor = conn.cursor(binary=True)
    await cursor.execute(statements.stored(table), [*keys, shop_id])
    return {row[:-2]: (row[-2], row[-1]) for row in await cursor.fetchall()}


async def _insert(conn: AsyncConnection, table: RawTable, rows: list[Row]) -> Loaded:
    """Copy rows with new keys; if somebody else was faster, take the careful way."""
    try:
        return await _copy(conn, table, rows, into=statements.name_of(table))
    except errors.UniqueViolation:
        return await _merge(conn, table, rows)


async def _merge(conn: AsyncConnection, table: RawTable, rows: list[Row]) -> Loaded:
    """Copy rows into the connection's temporary table and judge them there against what is stored."""
    if not rows:
        return Loaded()
    await conn.execute(statements.create_incoming(table))
    loaded = await _copy(conn, table, rows, into=statements.incoming(table))
    cursor = await conn.execute(statements.merge(table))
    verdicts: dict[str, int] = dict(await cursor.fetchall())
    await conn.execute(statements.clear_incoming(table))
    return Loaded(refused=loaded.refused, **verdicts)


async def _copy(conn: AsyncConnection, table: RawTable, rows: list[Row], *, into: sql.Identifier) -> Loaded:
    """Copy rows; the ones that the server cannot store are found by halving and refused, the others land."""
    if not rows:
        return Loaded()
    try:
        async with conn.transaction(), conn.cursor().copy(statements.copy(table, into)) as copy:
            await copy.write(pack_rows(table, rows))
        return Loaded(inserted=len(rows))
    except errors.BadCopyFileFormat:
        raise
    except _UNSTORABLE as error:
        if len(rows) == 1:
            return Loaded(refused=[Refused(_payload(table, rows[0]), error.diag.message_primary or str(error))])
    middle = len(rows) // 2
    loaded = await _copy(conn, table, rows[:middle], into=into)
    loaded += await _copy(conn, table, rows[middle:], into=into)
    return loaded


def _payload(table: RawTable, row: Row) -> bytes:
    payload = row[list(table.wire).index("payload")]
    return payload if isinstance(payload, bytes) else b""


def _without_repeated_keys(records: Sequence[RawRecord]) -> Iterator[Sequence[RawRecord]]:
    """The records cut so that no part has a key twice; nearly always one part."""
    rest = records
    while rest:
        seen: set[Row] = set()
        part: list[RawRecord] = []
        repeated: list[RawRecord] = []
        for record in rest:
            (repeated if record.key in seen else part).append(record)
            seen.add(record.key)
        yield part
        rest = repeated
