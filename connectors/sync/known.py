"""What has landed of one shop, in the words of the reader.

Belongs here: the adapter from `connectors.temu.extract.Known` to the questions in `connectors.postgres`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from connectors.postgres import landed
from connectors.postgres.packing import fingerprint
from connectors.postgres.wanting import Question, Wanting, named_wanting, wanting
from connectors.records import Sighting, Window
from connectors.temu.extract import ACTIVITY_ENDED
from connectors.temu.lookups import Parent
from connectors.temu.pagination import Sift
from connectors.temu.streams import ByOrder, Lookup
from connectors.temu.streams.shapes import Ids, Source
from connectors.temu.windows import Recognise

CHUNK = 200
"""Orders per leaf of a stream that asks order by order: ten seconds of work at the usual quota."""


LATELY = timedelta(days=45)
"""Regions without an order for so long need no carriers."""


class Landed:
    """Answers from the database, on a connection in autocommit that nobody writes with."""

    def __init__(self, conn: AsyncConnection, shop_id: int, now: Callable[[], datetime], patience: timedelta) -> None:
        self._conn = conn
        self._shop_id = shop_id
        self._now = now
        self._patience = patience

    async def parents(self, reading: ByOrder, window: Window) -> AsyncIterator[Sequence[Parent]]:
        """What was updated in `window` and wants an answer, oldest first. A parcel's is too old after `patience`."""
        question = self._question(reading, self._now() - self._patience)
        async for rows in wanting(self._conn, question, window=window, chunk=CHUNK):
            yield [_parent(row) for row in rows]

    async def named(self, reading: ByOrder, order_sns: Sequence[str]) -> list[Parent]:
        """What of the named orders wants an answer; a parcel's is always too old, unless it is final."""
        question = self._question(reading, self._now())
        return [_parent(row) for row in await named_wanting(self._conn, question, order_sns=order_sns)]

    def _question(self, reading: ByOrder, asked_before: datetime) -> Question:
        return Question(
            shop_id=self._shop_id,
            about=reading.about,
            table=reading.lookup.entity.table,
            statuses=reading.statuses,
            follows_after_sales=reading.follows_after_sales,
            final=reading.final,
            asked_before=asked_before,
            spares=reading.spares,
        )

    async def wanting(self, lookup: Lookup, parents: Sequence[Parent]) -> Sequence[Parent]:
        """Those cases whose detail is missing or was read for an older state."""
        sns = [parent.sn for parent in parents]
        answers = await landed.answers_of(self._conn, lookup.entity.table, shop_id=self._shop_id, sns=sns)
        return [one for one in parents if one.sn not in answers or answers[one.sn] < one.updated_at]

    async def ids(self, source: Source) -> Sequence[Ids]:
        """Every landed id of that kind."""
        return await landed.landed_ids(self._conn, source, shop_id=self._shop_id)

    async def closed_activities(self) -> Collection[int]:
        """Activities whose goods are final."""
        return await landed.closed_activities(self._conn, shop_id=self._shop_id, ended=ACTIVITY_ENDED)

    async def regions(self) -> Sequence[int]:
        """Where the shop has sold to lately."""
        return await landed.regions(self._conn, shop_id=self._shop_id, since=self._now() - LATELY)

    async def seen_before(self, table: str, keys: Collection[object], instant: datetime) -> bool:
        """Whether these records have stood still since `instant`."""
        return await landed.seen_before(self._conn, table, shop_id=self._shop_id, keys=keys, instant=instant)

    def recognise(self, table: str) -> Recognise:
        """Rows of a window whose bytes hash to what is stored there."""

        async def of(window: Window) -> Sift | None:
            stored = await landed.fingerprints(self._conn, table, shop_id=self._shop_id, window=window)
            return _sift(stored) if stored else None

        return of


def _parent(row: Wanting) -> Parent:
    sn, order_sn, case_sn, updated_at = row
    return Parent(sn, order_sn, updated_at, case_sn)


def _sift(stored: Mapping[bytes, Sighting]) -> Sift:
    def sift(payloads: Sequence[bytes]) -> tuple[list[Sighting], list[bytes]]:
        known = [stored.get(fingerprint(payload)) for payload in payloads]
        others = [payload for payload, sighting in zip(payloads, known, strict=True) if sighting is None]
        return [sighting for sighting in known if sighting is not None], others

    return sift
