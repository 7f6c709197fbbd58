"""Reading a stream: from the shop's gateway to leaves that are ready to land.

Belongs here: the three ways of reading (`ByWindow`, `ByOrder`, `ByCatalogue`). What has landed already is asked through
`Known`, so that this room stays free of SQL. A `Leaf` is complete in itself: land it in one transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from connectors.errors import StreamForbiddenError, UnstableWindowError
from connectors.records import RawRecord, Window
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import ahead_in_order, all_of
from connectors.temu.decoding import Rejected
from connectors.temu.entities import Rows
from connectors.temu.errors import NotReadyError, OtherSiteError, RecordNotFoundError
from connectors.temu.pagination import REREADS, Page, distinct, doubt_about, read_all, read_page
from connectors.temu.streams import ORDER_LIST, ByCatalogue, ByOrder, ByWindow, Listing, Lookup, Stream
from connectors.temu.windows import Recognise, WindowRows, read_window

ACTIVITY_ENDED = 3
ORDERS_PER_CALL = 20
"""Most order numbers that the order list accepts at once (§8.2)."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A landed record about which a `Lookup` asks: its number, its order's number, the update time to read it for."""

    sn: str
    order_sn: str
    updated_at: datetime


class Known(Protocol):
    """What has landed already, of one shop."""

    def parents(self, reading: ByOrder, window: Window) -> AsyncIterator[Sequence[Parent]]:
        """Orders updated in `window` whose answer is missing or older than the order, oldest first, in chunks."""

    async def wanting(self, lookup: Lookup, parents: Sequence[Parent]) -> Sequence[Parent]:
        """Those of `parents` whose answer is missing or was read for an older update time."""

    async def closed_activities(self) -> Collection[int]:
        """Ids of landed activities that had ended when their goods were read."""

    def recognise(self, table: str) -> Recognise:
        """How to tell the rows of a table that are stored already, window by window."""


@dataclass(slots=True)
class Leaf:
    """A part of a stream. `watermark` is how far the stream's may move once this leaf is stored; None = not at all.

    `unchanged` counts records of the stream's own table that came as they are stored and are not among `records`.
    """

    records: dict[str, list[RawRecord]]
    rejected: list[Rejected] = field(default_factory=list)
    window: Window | None = None
    watermark: datetime | None = None
    pending: int = 0
    unchanged: int = 0

    @property
    def read(self) -> int:
        """Records of the stream's own table, set aside ones included."""
        return len(next(iter(self.records.values()), ())) + len(self.rejected) + self.unchanged


class Reader:
    """Reads streams of one shop. `forbidden` collects what the shop's token may not do, said once per run."""

    def __init__(self, client: TemuClient, known: Known) -> None:
        self._client = client
        self._known = known
        self.forbidden: dict[str, StreamForbiddenError] = {}
        self._allowed: set[str] = set()

    async def leaves(self, stream: Stream, window: Window) -> AsyncIterator[Leaf]:
        """The stream's leaves, oldest first; `window` is not used by catalogues. Raises `connectors.errors`."""
        match stream.reading:
            case ByWindow() as reading:
                leaves = self._by_window(reading, window)
            case ByOrder() as reading:
                leaves = self._by_order(reading, window)
            case ByCatalogue() as reading:
                leaves = self._by_catalogue(reading)
        async for leaf in leaves:
            yield leaf

    async def orders(self, order_sns: Sequence[str]) -> Leaf:
        """The named orders as they are now; numbers that the shop does not have are simply absent."""
        found = Rows()
        for start in range(0, len(order_sns), ORDERS_PER_CALL):
            some = list(order_sns[start : start + ORDERS_PER_CALL])
            rows = await read_all(self._client, ORDER_LIST, {"parentOrderSnList": some})
            found.records += [record for record in rows.records if record.key[0] in some]
            found.rejected += rows.rejected
        return Leaf({ORDER_LIST.entity.table: found.records}, found.rejected)

    async def listed(self, listing: Listing, window: Window) -> AsyncIterator[Leaf]:
        """The records of a listing whose `clock` lies in `window`, oldest first, without their details."""
        async for leaf in self._by_window(ByWindow(listing), window):
            yield leaf

    async def lookups(self, lookup: Lookup, parents: Sequence[Parent]) -> Leaf:
        """The lookup's answer for each parent, asked concurrently once the first has shown that we may ask at all."""
        alone = 0 if lookup.api_type in self._allowed else 1
        results = [await self._ask(lookup, parent) for parent in parents[:alone]]
        self._allowed.add(lookup.api_type)
        results += await all_of(self._ask(lookup, parent) for parent in parents[alone:])
        answered = [rows for rows in results if rows is not None]
        records = [record for rows in answered for record in rows.records]
        rejected = [refused for rows in answered for refused in rows.rejected]
        return Leaf({lookup.entity.table: records}, rejected, pending=len(results) - len(answered))

    async def _by_window(self, reading: ByWindow, window: Window) -> AsyncIterator[Leaf]:
        table = reading.listing.entity.table
        # Where each record is followed by a question of its own, all of them have to be looked at; and stored rows are
        # known by their update time only.
        looks_at_all = reading.lookup is not None or reading.listing.clock is not None
        recognise = None if looks_at_all else self._known.recognise(table)
        async for found in read_window(self._client, reading.listing, window, recognise):
            rows = found.rows
            newest = max(rows.updates(), default=None)
            leaf = Leaf({table: rows.records}, rows.rejected, found.window, newest, unchanged=len(rows.sighted))
            if reading.lookup:
                await self._add_details(leaf, reading.lookup, found)
            yield leaf

    async def _add_details(self, leaf: Leaf, lookup: Lookup, found: WindowRows) -> None:
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

    async def _by_order(self, reading: ByOrder, window: Window) -> AsyncIterator[Leaf]:
        blocked = False
        async for parents in self._known.parents(reading, window):
            leaf = await self.lookups(reading.lookup, parents)
            # Never past an order whose answer is still to come: the next live window must find it again.
            blocked = blocked or leaf.pending > 0
            leaf.watermark = None if blocked else parents[-1].updated_at
            yield leaf

    async def _ask(self, lookup: Lookup, parent: Parent) -> Rows | None:
        """One answer as rows; None if the platform is still computing it."""
        params = {word: getattr(parent, name) for word, name in lookup.words.items()} | dict(lookup.params)
        try:
            api_type, answer = await self._call_variant(lookup, parent, params)
        except NotReadyError:
            return None
        except RecordNotFoundError as error:
            return Rows(rejected=[Rejected("not_found", "", str(error), msgspec.json.encode(params))])
        extra = (api_type,) if lookup.variants else ()
        return lookup.entity.rows([answer], at=parent.updated_at, prefix=(parent.sn,), extra=extra)

    async def _call_variant(self, lookup: Lookup, parent: Parent, params: Mapping[str, object]) -> tuple[str, bytes]:
        variant = lookup.variants.get(_region(parent.order_sn))
        if variant:
            try:
                return variant, await self._client.call(variant, params)
            except OtherSiteError:
                pass  # the site moved to the general operation since our table was written
        return lookup.api_type, await self._client.call(lookup.api_type, params)

    async def _by_catalogue(self, reading: ByCatalogue) -> AsyncIterator[Leaf]:
        closed = await self._known.closed_activities() if reading.children else ()
        for bucket in reading.buckets:
            async for leaf in self._bucket(reading, bucket, closed):
                yield leaf

    async def _bucket(
        self, reading: ByCatalogue, bucket: Mapping[str, object], closed: Collection[int]
    ) -> AsyncIterator[Leaf]:
        """Pages land as they come, each record is true by itself; the count at the end proves that none is missing."""
        listing, seen, reason = reading.listing, set[object](), ""
        for _ in range(REREADS):
            first = await read_page(self._client, listing, bucket, 1)
            totals = {first.total}
            async for page in self._pages(listing, bucket, first):
                totals.add(page.total)
                leaf, keys = await self._catalogue_leaf(reading, page, closed)
                seen |= keys
                yield leaf
            reason = f"totals {sorted(totals)}" if len(totals) > 1 else doubt_about(first.total, len(seen)) or ""
            if not reason:
                return
            seen.clear()
        raise UnstableWindowError(
            f"shop {self._client.shop}, {listing.api_type} {dict(bucket)} kept changing while it was read: {reason}"
        )

    async def _pages(self, listing: Listing, bucket: Mapping[str, object], first: Page) -> AsyncIterator[Page]:
        async def page(number: int) -> Page | list[int]:
            return await read_page(self._client, listing, bucket, number)

        yield first
        last = -(-first.total // listing.page_size)
        async for later in ahead_in_order(range(2, last + 1), page, ahead=8):
            yield later

    async def _catalogue_leaf(
        self, reading: ByCatalogue, page: Page, closed: Collection[int]
    ) -> tuple[Leaf, set[object]]:
        rows = page.found
        leaf = Leaf({reading.listing.entity.table: rows.records}, rows.rejected)
        keys = distinct(rows)
        if reading.snapshot:
            payloads = [record.payload for record in rows.records]
            leaf.records[reading.snapshot.table] = reading.snapshot.rows(payloads, at=page.read_at).records
        if reading.children:
            children = [
                await self._children(reading.children, reading.child_word, record, closed) for record in rows.records
            ]
            leaf.records[reading.children.entity.table] = [record for rows in children for record in rows.records]
            leaf.rejected += [refused for rows in children for refused in rows.rejected]
        return leaf, keys

    async def _children(self, listing: Listing, word: str, parent: RawRecord, closed: Collection[int]) -> Rows:
        """The goods of an activity; those of one that had ended at the last reading are final."""
        if parent.key[0] in closed:
            return Rows()
        try:
            return await read_all(self._client, listing, {word: parent.key[0]}, prefix=parent.key)
        except RecordNotFoundError:
            return Rows()


def _region(order_sn: str) -> int:
    """Region id inside `PO-<region, 3 digits>-<17 digits>` (§3.3), 0 if the number looks different."""
    parts = order_sn.split("-")
    return int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else 0
