"""Records that could not be stored, kept with the reason until they are replayed or land by themselves.

Belongs here: writing, listing and resolving `ops.dead_letters`. The same refused payload is one row, however often it
is read again. Does not belong here: reading a payload once more (`connectors.sync.replay`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row

from connectors.postgres.packing import fingerprint
from connectors.records import Origin, Window


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why, where inside the record, the source's bytes (free of personal data), and where the record belongs."""

    reason_code: str
    field_path: str
    message: str
    payload: bytes
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A row of `ops.dead_letters` with its shop's name. `context` holds what of its `Origin` has no column."""

    id: int
    shop_id: int
    shop_name: str | None
    stream: str
    entity: str | None
    record_key: str | None
    reason_code: str
    field_path: str | None
    message: str | None
    payload: str
    context: dict[str, Any]
    run_id: str
    window_start: datetime | None
    window_end: datetime | None
    page: int | None
    created_at: datetime
    resolved_at: datetime | None
    resolution: str | None

    @property
    def origin(self) -> Origin | None:
        """Where the record belongs; None for a row of a file and for letters older than their context."""
        if self.entity is None or not self.context:
            return None
        at = self.context.get("at")
        prefix, extra = (tuple(map(_from_json, self.context.get(part, ()))) for part in ("prefix", "extra"))
        return Origin(self.entity, datetime.fromisoformat(at) if at else None, prefix, extra, self.record_key)


@dataclass(frozen=True, slots=True)
class OpenLetters:
    """How many open letters of a shop and stream have the same reason, and since when the oldest of them waits."""

    shop: str
    stream: str
    reason_code: str
    field_path: str
    letters: int
    old: int
    oldest_at: datetime


_KEEP = """
    insert into ops.dead_letters as d (shop_id, stream, reason_code, field_path, message, payload, payload_hash, run_id,
        entity, record_key, context, window_start, window_end, page)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (shop_id, stream, payload_hash) do update set
        reason_code = excluded.reason_code, field_path = excluded.field_path, message = excluded.message,
        run_id = excluded.run_id, entity = excluded.entity, record_key = excluded.record_key,
        context = excluded.context, window_start = excluded.window_start, window_end = excluded.window_end,
        page = excluded.page, created_at = case when d.resolved_at is null then d.created_at else now() end,
        resolved_at = null, resolution = null
        where d.resolved_at is not null or d.entity is null
"""
_SELECT = """
    select d.id, d.shop_id, s.shop_name, d.stream, d.entity, d.record_key, d.reason_code, d.field_path, d.message,
        d.payload, d.context, d.run_id, d.window_start, d.window_end, d.page, d.created_at, d.resolved_at, d.resolution
    from ops.dead_letters d left join ops.shops s on s.id = d.shop_id
    where (%(ids)s::bigint[] is null or d.id = any(%(ids)s))
        and (%(shops)s::bigint[] is null or d.shop_id = any(%(shops)s))
        and (%(streams)s::text[] is null or d.stream = any(%(streams)s))
        and (%(resolved)s or d.resolved_at is null)
    order by d.created_at, d.id
"""


async def keep_dead_letters(
    conn: AsyncConnection,
    letters: Sequence[DeadLetter],
    *,
    shop_id: int,
    stream: str,
    run_id: str,
    window: Window | None = None,
) -> None:
    """Store them in the caller's transaction; one that was resolved and comes back is open again."""
    if not letters:
        return
    read = (window and window.start, window and window.end)
    rows = [
        (shop_id, stream, *_what(one), run_id, *_where(one.origin), *read, one.origin and one.origin.page)
        for one in letters
    ]
    async with conn.cursor() as cursor:
        await cursor.executemany(_KEEP, rows)


def _what(letter: DeadLetter) -> tuple[object, ...]:
    text = _storable(letter.payload.decode(errors="replace"))
    return letter.reason_code, letter.field_path, _storable(letter.message), text, fingerprint(letter.payload)


def _storable(text: str) -> str:
    """The text as the server can hold it: zero characters spelt out, halves of a surrogate pair replaced."""
    return text.encode(errors="replace").decode().replace("\x00", "\\u0000")


def _where(origin: Origin | None) -> tuple[object, ...]:
    if origin is None:
        return None, None, "{}"
    context = {"at": origin.at and origin.at.isoformat(), "prefix": origin.prefix, "extra": origin.extra}
    key = None if origin.record_key is None else _storable(origin.record_key)
    return origin.entity, key, json.dumps(context, default=_to_json)


def _to_json(value: object) -> dict[str, str]:
    """A day that leads a key, told from a text."""
    if isinstance(value, date):
        return {"date": value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot lead a key")


def _from_json(value: Any) -> Any:
    return date.fromisoformat(value["date"]) if isinstance(value, dict) else value


def find_letters(
    conn: psycopg.Connection,
    *,
    ids: Collection[int] | None = None,
    shop_ids: Collection[int] | None = None,
    streams: Collection[str] | None = None,
    resolved: bool = False,
) -> list[KeptLetter]:
    """Open letters, oldest first; `resolved` adds those that are closed. None = no restriction."""
    wanted = {"ids": _list(ids), "shops": _list(shop_ids), "streams": _list(streams), "resolved": resolved}
    with conn.cursor(row_factory=class_row(KeptLetter)) as cursor:
        return cursor.execute(_SELECT, wanted).fetchall()


def count_open_letters(conn: psycopg.Connection, *, kept_before: datetime) -> list[OpenLetters]:
    """Open letters by shop, stream, reason and field, longest waiting first; `old` ones were kept before that (aware).

    Payloads stay where they are: there may be many letters, and each is as large as its record.
    """
    query = """
        select coalesce(s.shop_name, d.shop_id::text) as shop, d.stream, d.reason_code,
            coalesce(d.field_path, '') as field_path, count(*) as letters,
            count(*) filter (where d.created_at < %s) as old, min(d.created_at) as oldest_at
        from ops.dead_letters d left join ops.shops s on s.id = d.shop_id
        where d.resolved_at is null
        group by 1, 2, 3, 4
        order by oldest_at, 1, 2, 3, 4
    """
    with conn.cursor(row_factory=class_row(OpenLetters)) as cursor:
        return cursor.execute(query, [kept_before]).fetchall()


async def take_letter(conn: AsyncConnection, letter_id: int) -> bool:
    """Lock an open letter in the caller's transaction; False if somebody has resolved it meanwhile."""
    query = "select from ops.dead_letters where id = %s and resolved_at is null for update"
    return await (await conn.execute(query, [letter_id])).fetchone() is not None


async def resolve_letter(conn: AsyncConnection, letter_id: int, resolution: str) -> None:
    """Close a letter in the caller's transaction and say how."""
    query = "update ops.dead_letters set resolved_at = now(), resolution = %s where id = %s and resolved_at is null"
    await conn.execute(query, [resolution, letter_id])


async def refuse_letter(conn: AsyncConnection, letter_id: int, reason_code: str, path: str, message: str) -> None:
    """Why an open letter was refused again: the reason may be another than the first time."""
    query = "update ops.dead_letters set reason_code = %s, field_path = %s, message = %s where id = %s"
    await conn.execute(query, [reason_code, path, message, letter_id])


def close_letters(conn: psycopg.Connection, ids: Sequence[int], resolution: str) -> int:
    """Close open letters without storing them, with the reason; how many there were."""
    query = (
        "update ops.dead_letters set resolved_at = now(), resolution = %s where id = any(%s) and resolved_at is null"
    )
    return conn.execute(query, [resolution, list(ids)]).rowcount


async def open_keys(conn: AsyncConnection, *, shop_id: int, stream: str) -> set[tuple[str, str]]:
    """Table and key of every record of a stream that waits as an open letter."""
    query = """
        select entity, record_key from ops.dead_letters
        where shop_id = %s and stream = %s and resolved_at is null and entity is not null and record_key is not null
    """
    return set(await (await conn.execute(query, [shop_id, stream])).fetchall())


async def resolve_landed(
    conn: AsyncConnection, landed: Mapping[str, Collection[str]], *, shop_id: int, run_id: str
) -> None:
    """Close the letters of records that have landed after all: keys by table, in the landing's own transaction."""
    query = """
        update ops.dead_letters set resolved_at = now(), resolution = %s
        where shop_id = %s and entity = %s and record_key = any(%s) and resolved_at is null
    """
    for entity, keys in landed.items():
        await conn.execute(query, [f"landed by run {run_id}", shop_id, entity, list(keys)])


def _list(wanted: Collection[Any] | None) -> list[Any] | None:
    return None if wanted is None else list(wanted)
