"""What has landed of one shop, in the words of the reader.

Belongs here: the adapter from `connectors.temu.extract.Known` to the questions in `connectors.postgres.landed`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from psycopg import AsyncConnection

from connectors.postgres import landed
from connectors.postgres.packing import fingerprint
from connectors.records import Sighting, Window
from connectors.temu.extract import ACTIVITY_ENDED, Parent
from connectors.temu.pagination import Sift
from connectors.temu.streams import ByOrder, Lookup
from connectors.temu.windows import Recognise

CHUNK = 200
"""Orders per leaf of a stream that asks order by order: ten seconds of work at the usual quota."""


class Landed:
    """Answers from the database, on a connection in autocommit that nobody writes with."""

    def __init__(self, conn: AsyncConnection, shop_id: int) -> None:
        self._conn = conn
        self._shop_id = shop_id

    async def parents(self, reading: ByOrder, window: Window) -> AsyncIterator[Sequence[Parent]]:
        """Orders updated in `window` whose answer is missing or older, oldest first."""
        chunks = landed.orders_wanting(
            self._conn,
            reading.lookup.entity.table,
            shop_id=self._shop_id,
            window=window,
            statuses=reading.statuses,
            follows_after_sales=reading.follows_after_sales,
            chunk=CHUNK,
        )
        async for chunk in chunks:
            yield [Parent(sn, sn, updated_at) for sn, updated_at in chunk]

    async def named(self, reading: ByOrder, order_sns: Sequence[str]) -> list[Parent]:
        """Those of the named orders whose answer is missing or older."""
        rows = await landed.named_orders_wanting(
            self._conn,
            reading.lookup.entity.table,
            shop_id=self._shop_id,
            order_sns=order_sns,
            statuses=reading.statuses,
            follows_after_sales=reading.follows_after_sales,
        )
        return [Parent(sn, sn, updated_at) for sn, updated_at in rows]

    async def wanting(self, lookup: Lookup, parents: Sequence[Parent]) -> Sequence[Parent]:
        """Those cases whose detail is missing or was read for an older state."""
        sns = [parent.sn for parent in parents]
        answers = await landed.answers_of(self._conn, lookup.entity.table, shop_id=self._shop_id, sns=sns)
        return [one for one in parents if one.sn not in answers or answers[one.sn] < one.updated_at]

    async def closed_activities(self) -> Collection[int]:
        """Activities whose goods are final."""
        return await landed.closed_activities(self._conn, shop_id=self._shop_id, ended=ACTIVITY_ENDED)

    def recognise(self, table: str) -> Recognise:
        """Rows of a window whose bytes hash to what is stored there."""

        async def of(window: Window) -> Sift | None:
            stored = await landed.fingerprints(self._conn, table, shop_id=self._shop_id, window=window)
            return _sift(stored) if stored else None

        return of


def _sift(stored: Mapping[bytes, Sighting]) -> Sift:
    def sift(payloads: Sequence[bytes]) -> tuple[list[Sighting], list[bytes]]:
        known = [stored.get(fingerprint(payload)) for payload in payloads]
        others = [payload for payload, sighting in zip(payloads, known, strict=True) if sighting is None]
        return [sighting for sighting in known if sighting is not None], others

    return sift
