"""The ship-by watch: orders whose deadline is near are looked at again, whether anything told us of a change or not.

Belongs here: one visit to one shop. First the platform is asked which orders it labels as late or soon to be so: a few
calls, and orders that never landed come with them. Then those of the queue that no label named: to be shipped within a
day, or promised within the hour. Repeating a visit is harmless; what it could not do is due again after some minutes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta

from connectors.postgres.due_orders import note_seen, queue_landed, take_due
from connectors.postgres.lanes import Lane
from connectors.settings import Settings
from connectors.sync.refresh import land, land_answers, read_orders, with_session
from connectors.sync.reports import SyncReport
from connectors.sync.session import ShopSession
from connectors.sync.tally import Tally
from connectors.temu.extract import Leaf
from connectors.temu.named import urgent_orders
from connectors.temu.streams import STREAMS

STREAM = "orders"


def watch_deadlines(
    database_url: str, *, settings: Settings, temu_shop_id: int, run_id: str, most: int
) -> list[SyncReport]:
    """Visit a shop (by mall id); at most `most` orders of the queue are read, each of which costs up to three calls.

    Nothing is done where gateway or dialect know no deadlines. Raises a class of `connectors.errors`.
    """
    visit = _Visit(timedelta(days=settings.history_days), run_id, most)
    return with_session(database_url, settings, temu_shop_id, visit.pay, Lane.SHIP_BY)


@dataclass(frozen=True, slots=True)
class _Visit:
    """One call of `watch_deadlines`."""

    history: timedelta
    run_id: str
    most: int

    async def pay(self, session: ShopSession) -> list[SyncReport]:
        if session.offering(STREAMS[STREAM]) is None or session.shop.dialect != "router":
            return []
        urgent = await self._urgent(session)
        due = await take_due(session.control, session.shop.id, session.client.now(), limit=self.most)
        if not due:
            return [urgent]
        orders = self._tally(session)
        await read_orders(orders, due, self.history)
        await note_seen(session.control, session.shop.id, session.client.now(), due)
        return [urgent, orders.report(None)]

    async def _urgent(self, session: ShopSession) -> SyncReport:
        """Land what the platform calls urgent, with its money where the order is new or changed, and tell the queue."""
        named, orders = list[str](), self._tally(session)

        async def labelled() -> AsyncGenerator[Leaf, None]:
            leaf = await urgent_orders(session.client)
            named.extend(str(record.key[0]) for record in leaf.records[STREAM])
            yield leaf

        await land(orders, labelled())
        if orders.own.inserted or orders.own.updated:  # the next tick asks what others lack
            await land_answers(orders, named)
        shop_id, now = session.shop.id, session.client.now()
        await queue_landed(session.control, shop_id, now)
        await note_seen(session.control, shop_id, now, named)
        return orders.report(None)

    def _tally(self, session: ShopSession) -> Tally:
        return Tally(session, STREAM, "refresh", self.run_id)
