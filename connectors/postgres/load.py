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
from decimal import Decimal

import msgspec
from psycopg import AsyncConnection, errors, sql

from connectors.postgres import statements
from connectors.postgres.packing import RowPacker, fingerprint
from connectors.postgres.tables import RawTable
from connectors.records import RawRecord

_UNSTORABLE = (errors.DataError, errors.ProgramLimitExceeded, errors.StatementTooComplex)
"""What the server says to a value that no jsonb or index can hold, such as the escape of a zero character."""

_NO_TEXT = "a key or typed column holds a zero character or half a surrogate pair"
_NO_AMOUNT = "a typed column holds a number beyond anything that can be meant"
_MOST_DIGITS = 1000
"""Before or after the point. Far below what the server can hold: an exponent is short to send and long to write out."""

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
    """A record that the server cannot store, and its words for why."""

    record: RawRecord
    message: str

    @property
    def payload(self) -> bytes:
        """The record's bytes."""
        return self.record.payload


async def load_records(
    conn: AsyncConnection, table: RawTable, records: Sequence[RawRecord], *, shop_id: int, run_id: str
) -> Loaded:
    """Land `records` of one shop, in the order in which they were observed."""
    loaded, storable = Loaded(), list[RawRecord]()
    for record in records:
        if problem := _unstorable(record):
            loaded.refused.append(Refused(record, problem))
        else:
            storable.append(record)
    for batch in _without_repeated_keys(storable):
        loaded += await _load_batch(conn, table, batch, shop_id=shop_id, run_id=run_id)
    return loaded


async def _load_batch(
    conn: AsyncConnection, table: RawTable, records: Sequence[RawRecord], *, shop_id: int, run_id: str
) -> Loaded:
    stored = await _stored(conn, table, shop_id, records)
    loaded, fresh, changed = Loaded(), list[RawRecord](), list[RawRecord]()
    for record in records:
        known = stored.get(record.key)
        if known is None:
            fresh.append(record)
        elif _is_unchanged(table, record, *known):
            loaded.unchanged += 1
        elif record.source_updated_at < known[0] and not table.versions:
            loaded.stale += 1
        else:
            changed.append(record)
    target = _Target(conn, table, RowPacker(table, shop_id=shop_id, run_id=run_id))
    loaded += await target.insert(fresh)
    loaded += await target.merge(changed)
    return loaded


def _unstorable(record: RawRecord) -> str | None:
    """Why the server cannot even be asked about this record, if so: its key travels before any row does."""
    for value in record.key + record.columns:
        if isinstance(value, str) and ("\x00" in value or not _is_text(value)):
            return _NO_TEXT
        if isinstance(value, Decimal) and value and abs(value.adjusted()) > _MOST_DIGITS:
            return _NO_AMOUNT
    return None


def _is_text(value: str) -> bool:
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def _is_unchanged(table: RawTable, record: RawRecord, updated_at: datetime, digest: bytes) -> bool:
    return (table.first_sight or record.source_updated_at == updated_at) and fingerprint(record.payload) == digest


async def _stored(
    conn: AsyncConnection, table: RawTable, shop_id: int, records: Sequence[RawRecord]
) -> dict[Row, tuple[datetime, bytes]]:
    """Update time and hash of those keys that the table holds already."""
    keys = [msgspec.json.encode(column).decode() for column in zip(*(record.key for record in records), strict=True)]
    cursor = conn.cursor(binary=True)
    await cursor.execute(statements.stored(table), [*keys, shop_id])
    return {row[:-2]: (row[-2], row[-1]) for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class _Target:
    """A table and how rows get into it."""

    conn: AsyncConnection
    table: RawTable
    packer: RowPacker

    async def insert(self, records: Sequence[RawRecord]) -> Loaded:
        """Copy rows with new keys; if somebody else was faster, take the careful way."""
        try:
            return await self._copy(records, into=statements.name_of(self.table))
        except errors.UniqueViolation:
            return await self.merge(records)

    async def merge(self, records: Sequence[RawRecord]) -> Loaded:
        """Copy rows into the connection's temporary table and judge them there against what is stored."""
        if not records:
            return Loaded()
        await self.conn.execute(statements.create_incoming(self.table))
        copied = await self._copy(records, into=statements.incoming(self.table))
        cursor = await self.conn.execute(statements.merge(self.table))
        verdicts: dict[str, int] = dict(await cursor.fetchall())
        await self.conn.execute(statements.clear_incoming(self.table))
        return Loaded(refused=copied.refused, **verdicts)

    async def _copy(self, records: Sequence[RawRecord], *, into: sql.Identifier) -> Loaded:
        """Copy rows; those that the server cannot store are found by halving and refused, the others land."""
        if not records:
            return Loaded()
        try:
            async with (
                self.conn.transaction(),
                self.conn.cursor().copy(statements.copy(self.table, into)) as copy,
            ):
                for part in self.packer.pack(records):
                    await copy.write(part)
            return Loaded(inserted=len(records))
        except errors.BadCopyFileFormat:
            raise
        except _UNSTORABLE as error:
            if len(records) == 1:
                return Loaded(refused=[Refused(records[0], error.diag.message_primary or str(error))])
        middle = len(records) // 2
        loaded = await self._copy(records[:middle], into=into)
        return loaded + await self._copy(records[middle:], into=into)


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
