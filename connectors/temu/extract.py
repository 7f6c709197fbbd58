"""Reading a stream: from the shop's gateway to leaves that are ready to land.

Belongs here: three ways of reading (`ByWindow`, `ByOrder`, `ByCatalogue`); the others are done in `questions` and
`bill_files`. What has landed already is asked through
`Known`, so that this room stays free of SQL. A `Leaf` is complete in itself: land it in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.errors import StreamForbiddenError, UnstableWindowError
from connectors.records import EVERY_RECORD, UNREADY, RawRecord, Window
from connectors.temu.bill_files import Sleep, by_task
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import ahead_in_order
from connectors.temu.entities import Rows
from connectors.temu.errors import RecordNotFoundError
from connectors.temu.leaves import Leaf
from connectors.temu.lookups import Asker, Parent
from connectors.temu.pagination import (
    REREADS,
    Page,
    distinct,
    doubt_about,
    pages_by_token,
    pages_of,
    read_all,
    read_page,
)
from connectors.temu.plain import plain_orders
from connectors.temu.questions import KnownIds, by_ids, by_local_day
from connectors.temu.streams import ORDER_LIST, Batch, ByCatalogue, ByOrder, ByWindow, Listing, Lookup, Stream
from connectors.temu.streams.shapes import ByIds, ByLocalDay, ByTask, Reading
from connectors.temu.windows import Recognise, WindowRows, read_window

ACTIVITY_ENDED = 3
_UTC = ZoneInfo("UTC")
__all__ = ["ACTIVITY_ENDED", "Known", "Leaf", "Parent", "Reader"]

ORDERS_PER_CALL = 20
"""Most order numbers that the order list accepts at once (§8.2)."""


class Known(KnownIds, Protocol):
    """What has landed already, of one shop."""

    def parents(self, reading: ByOrder, window: Window) -> AsyncIterator[Sequence[Parent]]:
        """What `reading` is about, updated in `window`, whose answer is missing or too old; oldest first, in chunks."""

    async def wanting(self, lookup: Lookup, parents: Sequence[Parent]) -> Sequence[Parent]:
        """Those of `parents` whose answer is missing or was read for an older update time."""

    async def closed_activities(self) -> Collection[int]:
        """Ids of landed activities that had ended when their goods were read."""

    async def regions(self) -> Sequence[int]:
        """Region ids of the orders of the last weeks."""

    async def seen_before(self, table: str, keys: Collection[object], instant: datetime) -> bool:
        """Whether each of these records landed, as it is stored now, before `instant`."""

    def recognise(self, table: str) -> Recognise:
        """How to tell the rows of a table that are stored already, window by window."""


class Reader:
    """Reads streams of one shop. `forbidden` collects what the shop's token may not do, said once per run."""

    def __init__(self, client: TemuClient, known: Known, zone: ZoneInfo = _UTC, sleep: Sleep = asyncio.sleep) -> None:
        self._client = client
        self._zone = zone
        self._sleep = sleep
        self._known = known
        self.forbidden: dict[str, StreamForbiddenError] = {}
        self._asker = Asker(client, self.forbidden)

    async def leaves(self, stream: Stream, window: Window) -> AsyncGenerator[Leaf, None]:
        """The stream's leaves, oldest first; `window` is not used by catalogues. Raises `connectors.errors`."""
        try:
            async with aclosing(self._read(stream.reading, window)) as leaves:
                async for leaf in leaves:
                    yield leaf
            return
        except StreamForbiddenError:
            if stream.otherwise is None:
                raise
        async with aclosing(self._read(stream.otherwise, window)) as leaves:
            async for leaf in leaves:
                yield leaf

    def _read(self, reading: Reading, window: Window) -> AsyncGenerator[Leaf, None]:
        match reading:
            case ByWindow():
                return self.by_window(reading, window)
            case ByOrder():
                return self._by_order(reading, window)
            case ByCatalogue():
                return self._by_catalogue(reading)
            case ByIds():
                return by_ids(self._client, self._known, reading)
            case ByLocalDay():
                return by_local_day(self._client, self._known, reading, window, self._zone)
            case ByTask():
                return by_task(self._client, reading, window, self._sleep)

    async def orders(self, order_sns: Sequence[str]) -> Leaf:
        """The named orders as they are now; numbers that the shop does not have are simply absent."""
        if self._client.dialect == "rest":
            return await plain_orders(self._client, order_sns)
        found = Rows()
        for start in range(0, len(order_sns), ORDERS_PER_CALL):
            some = list(order_sns[start : start + ORDERS_PER_CALL])
            rows = await read_all(self._client, ORDER_LIST, {"parentOrderSnList": some})
            found.records += [record for record in rows.records if record.key[0] in some]
            found.rejected += rows.rejected
        return Leaf({ORDER_LIST.entity.table: found.records}, found.rejected)

    async def lookups(self, lookup: Lookup | Batch, parents: Sequence[Parent]) -> Leaf:
        """The answers about `parents`, asked concurrently once the first has shown that we may ask at all."""
        found = await self._asker.ask(lookup, parents)
        return Leaf({lookup.entity.table: found.rows.records}, found.rows.rejected, asked=found.asked)

    async def by_window(self, reading: ByWindow, window: Window) -> AsyncGenerator[Leaf, None]:
        """The records whose clock lies in `window`, oldest first, with their details."""
        table = reading.listing.entity.table
        # Where each record is followed by a question of its own, all of them have to be looked at; and stored rows are
        # known by their update time only.
        looks_at_all = reading.lookup is not None or reading.listing.clock is not None
        recognise = None if looks_at_all else self._known.recognise(table)
        async with aclosing(read_window(self._client, reading.listing, window, recognise)) as parts:
            async for found in parts:
                rows = found.rows
                read_to = _newest(reading.listing, rows)
                leaf = Leaf({table: rows.records}, rows.rejected, found.window, read_to, unchanged=len(rows.sighted))
                if reading.lookup:
                    await self.add_details(leaf, reading.lookup, found)
                yield leaf

    async def add_details(self, leaf: Leaf, lookup: Lookup, found: WindowRows) -> None:
        """Put the details of the found cases into the leaf where they are missing or older."""
        if lookup.api_type in self.forbidden:
            return
        parents = [
            Parent(str(record.key[0]), str(record.columns[0]), record.source_updated_at)
            for record in found.rows.records
            if record.columns[0] is not None
        ]
        try:
            details = await self.lookups(lookup, await self._known.wanting(lookup, parents))
        except StreamForbiddenError as error:
            self.forbidden[lookup.api_type] = error
            return
        leaf.records |= details.records
        leaf.rejected += details.rejected

    async def _by_order(self, reading: ByOrder, window: Window) -> AsyncGenerator[Leaf, None]:
        blocked = False
        async for parents in self._known.parents(reading, window):
            try:
                leaf = await self.lookups(reading.lookup, parents)
            except StreamForbiddenError:
                yield Leaf({reading.lookup.entity.table: []}, asked={EVERY_RECORD: "forbidden"})
                raise
            # Never past an order whose answer is still to come: the next live window must find it again. Older ones,
            # which are asked about until they are ready, hold nobody up.
            # Nor by an answer that moves on its own: it is due again while its record stands still.
            waits = any(one.updated_at >= window.start and leaf.asked.get(one.sn) in UNREADY for one in parents)
            blocked = blocked or waits or (isinstance(reading.lookup, Lookup) and reading.lookup.by_read)
            leaf.watermark = None if blocked else parents[-1].updated_at
            yield leaf

    async def _by_catalogue(self, reading: ByCatalogue) -> AsyncGenerator[Leaf, None]:
        closed = await self._known.closed_activities() if reading.children else ()
        for bucket, prefix in await self._buckets(reading):
            async with aclosing(self._bucket(reading, bucket, prefix, closed)) as leaves:
                async for leaf in leaves:
                    yield leaf

    async def _buckets(self, reading: ByCatalogue) -> list[tuple[Mapping[str, object], tuple[int, ...]]]:
        """What to ask for, and what leads the keys of the answer."""
        if not reading.region_word:
            return [(bucket, ()) for bucket in reading.buckets]
        regions = await self._known.regions()
        return [
            ({**bucket, reading.region_word: region}, (region,)) for bucket in reading.buckets for region in regions
        ]

    async def _bucket(
        self, reading: ByCatalogue, bucket: Mapping[str, object], prefix: tuple[int, ...], closed: Collection[int]
    ) -> AsyncGenerator[Leaf, None]:
        """Pages land as they come, each record is true by itself; the count at the end proves that none is missing."""
        reason = ""
        for _ in range(REREADS):
            seen = _Seen(may_grow=reading.settles_after is not None)
            async with aclosing(self._pages(reading, bucket, prefix)) as pages:
                async for page in pages:
                    seen.is_cut_off = await self._stands_still(reading, page)
                    seen.add(page)
                    yield await self._catalogue_leaf(reading, page, closed)
                    if seen.is_cut_off:
                        break
            reason = seen.doubt() or ""
            if not reason:
                return
        raise UnstableWindowError(
            f"shop {self._client.shop}, {reading.listing.api_type} {dict(bucket)} kept changing while it was read: "
            f"{reason}"
        )

    async def _stands_still(self, reading: ByCatalogue, page: Page) -> bool:
        """Whether the list need not be read beyond this page."""
        if reading.settles_after is None or page.found.rejected or not page.found.records:
            return False
        keys = [record.key[0] for record in page.found.records]
        instant = page.read_at - reading.settles_after
        return await self._known.seen_before(reading.listing.entity.table, keys, instant)

    async def _pages(
        self, reading: ByCatalogue, bucket: Mapping[str, object], prefix: tuple[int, ...]
    ) -> AsyncGenerator[Page, None]:
        if reading.listing.by_token:
            async for one in pages_by_token(self._client, reading.listing, bucket, prefix=prefix):
                yield one
            return

        async def page(number: int) -> Page:
            return await read_page(self._client, reading.listing, bucket, number, prefix=prefix)

        if reading.settles_after:  # one by one: it may end early, and what is added meanwhile moves the rest down
            number, last = 0, 1
            while number < last:
                number += 1
                one = await page(number)
                last = pages_of(reading.listing, one.total)
                yield one
            return
        first = await page(1)
        yield first
        numbers = range(2, pages_of(reading.listing, first.total) + 1)
        async with aclosing(ahead_in_order(numbers, page, ahead=8)) as rest:
            async for later in rest:
                yield later

    async def _catalogue_leaf(self, reading: ByCatalogue, page: Page, closed: Collection[int]) -> Leaf:
        rows = page.found
        leaf = Leaf({reading.listing.entity.table: rows.records}, rows.rejected)
        if reading.snapshot:
            payloads = [record.payload for record in rows.records]
            leaf.records[reading.snapshot.table] = reading.snapshot.rows(payloads, at=page.read_at).records
        if reading.children:
            children = [
                await self._children(reading.children, reading.child_word, record, closed) for record in rows.records
            ]
            leaf.records[reading.children.entity.table] = [record for rows in children for record in rows.records]
            leaf.rejected += [refused for rows in children for refused in rows.rejected]
        return leaf

    async def _children(self, listing: Listing, word: str, parent: RawRecord, closed: Collection[int]) -> Rows:
        """The goods of an activity; those of one that had ended at the last reading are final."""
        if parent.key[0] in closed:
            return Rows()
        try:
            return await read_all(self._client, listing, {word: parent.key[0]}, prefix=parent.key)
        except RecordNotFoundError:
            return Rows()


def _newest(listing: Listing, rows: Rows) -> datetime | None:
    """How far a window's rows reach by what its bounds are about; never to its end, only to what was read (domain §9).

    None without rows.
    """
    if listing.clock is None:
        return max(rows.updates(), default=None)
    instants = (record.columns[listing.clock] for record in rows.records)
    return max((instant for instant in instants if isinstance(instant, datetime)), default=None)


@dataclass(slots=True)
class _Seen:
    """What the pages of one bucket have shown so far.

    `may_grow`: newest first and nothing leaves, so that what is added while we read moves the rest down: a record may
    come twice for each that was added, and none of those that were there at the beginning is hidden.
    """

    may_grow: bool = False
    totals: list[int] = field(default_factory=list)
    keys: set[object] = field(default_factory=set)
    rows: int = 0
    is_cut_off: bool = False

    def add(self, page: Page) -> None:
        self.totals.append(page.total)
        self.keys |= distinct(page.found)
        self.rows += len(page.found.records) + len(page.found.rejected)

    def doubt(self) -> str | None:
        """Why these pages cannot be trusted to be all, or all up to where the list stands still."""
        first, last = self.totals[0], self.totals[-1]
        moved = len(set(self.totals)) > 1
        if moved and not (self.may_grow and sorted(self.totals) == self.totals):
            return f"totals {sorted(set(self.totals))}"
        if self.is_cut_off:
            return doubt_about(self.rows, len(self.keys)) if self.rows - len(self.keys) > last - first else None
        return None if moved and len(self.keys) >= first else doubt_about(first, len(self.keys))
