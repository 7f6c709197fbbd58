"""Asking about landed ids: in batches, list by list, or once per local day of the shop.

Belongs here: the ways of reading `ByIds` and `ByLocalDay`. Which ids have landed is asked through `KnownIds`; what the
operations are called and want to hear is said in `streams`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from connectors.errors import PermanentError
from connectors.records import Window
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import ahead_in_order
from connectors.temu.entities import Rows
from connectors.temu.errors import RecordNotFoundError
from connectors.temu.leaves import Leaf
from connectors.temu.pagination import read_all
from connectors.temu.streams.shapes import ByIds, ByLocalDay, IdQuery, Ids, Listing, Source

CALLS_AHEAD = 8
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


class KnownIds(Protocol):
    """Ids that other streams of the shop have landed."""

    async def ids(self, source: Source) -> Sequence[Ids]:
        """Every id of that kind, with the ids above it first, in a stable order."""


async def by_ids(client: TemuClient, known: KnownIds, reading: ByIds) -> AsyncGenerator[Leaf, None]:
    """A leaf per call (or list); the first goes alone, so that a forbidden operation costs one call."""
    ids, size = await known.ids(reading.source), 1
    if isinstance(reading.ask, IdQuery):
        size = reading.ask.size
    groups = [ids[start : start + size] for start in range(0, len(ids), size)]

    async def leaf(group: Sequence[Ids]) -> Leaf | list[Sequence[Ids]]:
        if isinstance(reading.ask, IdQuery):
            rows = await _answers(client, reading.ask, group)
        else:
            rows = await _list_of(client, reading.ask, reading.word, group[0])
        return Leaf({reading.ask.entity.table: rows.records}, rows.rejected)

    for some in (groups[:1], groups[1:]):
        async with aclosing(ahead_in_order(some, leaf, ahead=CALLS_AHEAD)) as leaves:
            async for found in leaves:
                yield found


async def _answers(client: TemuClient, query: IdQuery, group: Sequence[Ids]) -> Rows:
    try:
        answer = await client.call(query.api_type, query.params(group))
    except RecordNotFoundError:
        return Rows()  # gone since it landed; the list that names it will say so
    try:
        records = records_in(answer, query.rows_path)
    except msgspec.MsgspecError as error:
        raise PermanentError(
            f"shop {client.shop}, {query.api_type} answered in another shape than documented: {error}",
            remedy="the platform changed this operation: report it with the request id",
        ) from None
    return query.entity.rows(records, at=client.now(), prefix=() if query.rows_path else group[0])


async def _list_of(client: TemuClient, listing: Listing, word: str, ids: Ids) -> Rows:
    try:
        return await read_all(client, listing, {word: ids[-1]}, prefix=ids)
    except RecordNotFoundError:
        return Rows()


def records_in(answer: bytes, path: Sequence[str]) -> list[bytes]:
    """The records below `path`, whose words lead from list to list; null and absent is nothing (§3.4)."""
    found = [answer] if answer != b"null" else []
    for word in path:
        lists = [_OBJECT.decode(one).get(word, msgspec.Raw(b"null")) for one in found]
        found = [bytes(row) for rows in lists if bytes(rows) != b"null" for row in _ARRAY.decode(bytes(rows))]
    return found


async def by_local_day(
    client: TemuClient, known: KnownIds, reading: ByLocalDay, window: Window, zone: ZoneInfo
) -> AsyncGenerator[Leaf, None]:
    """A leaf per local day that ended inside `window`, oldest first. Days about which nothing could be asked, because
    nothing has landed yet that the source names, are not done with: the watermark stays before them."""
    ids: Sequence[Ids] = [()] if reading.source is None else await known.ids(reading.source)
    for day, span in local_days(window, zone):
        asked = [(day, one, span) for one in ids]

        async def report(question: tuple[date, Ids, Window]) -> Rows | list[tuple[date, Ids, Window]]:
            return await _report(client, reading, *question)

        leaf = Leaf({reading.entity.table: []}, window=span, watermark=span.end.astimezone(UTC) if asked else None)
        for some in (asked[:1], asked[1:]):
            async for rows in ahead_in_order(some, report, ahead=CALLS_AHEAD):
                leaf.records[reading.entity.table] += rows.records
                leaf.rejected += rows.rejected
        yield leaf


async def _report(client: TemuClient, reading: ByLocalDay, day: date, ids: Ids, span: Window) -> Rows:
    params: dict[str, object] = {**reading.window.of(span)}
    if reading.word:
        params[reading.word] = ids[-1]
    try:
        answer = await client.call(reading.api_type, params)
    except RecordNotFoundError:
        return Rows()
    return reading.entity.rows(records_in(answer, ()), at=client.now(), prefix=(day, *ids))


def local_days(window: Window, zone: ZoneInfo) -> Iterator[tuple[date, Window]]:
    """The local days that end in `(window.start, window.end]`, with their span in UTC; 23 to 25 hours long."""
    day = window.start.astimezone(zone).date()
    while (span := _span(day, zone)).end <= window.end:
        if span.end > window.start:
            yield day, span
        day += timedelta(days=1)


def _span(day: date, zone: ZoneInfo) -> Window:
    start, end = (datetime.combine(one, time.min, zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return Window(start, end)
