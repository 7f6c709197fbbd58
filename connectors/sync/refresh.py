"""Single orders, now: what a webhook event names is read again without waiting for the next window.

Belongs here: `refresh_orders`. Watermarks stay; the next live window reads over the same orders and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from connectors.postgres.locks import writer_lock
from connectors.settings import Settings
from connectors.sync.reports import SyncReport
from connectors.sync.session import chosen_shops, open_office
from connectors.sync.streams import land_all
from connectors.sync.tally import Tally
from connectors.temu.extract import Leaf
from connectors.temu.streams import STREAMS, ByOrder, Stream


def refresh_orders(
    database_url: str, *, settings: Settings, temu_shop_id: int, parent_order_sns: Sequence[str], run_id: str
) -> SyncReport:
    """Read the named orders of a shop (by mall id) with their money and detail; the report counts the orders.

    Raises a class of `connectors.errors`; what the shop's token may not call is told in `forbidden`.
    """
    return asyncio.run(_refresh(database_url, settings, temu_shop_id, list(dict.fromkeys(parent_order_sns)), run_id))


async def _refresh(
    database_url: str, settings: Settings, temu_shop_id: int, order_sns: list[str], run_id: str
) -> SyncReport:
    [shop] = chosen_shops(database_url, [str(temu_shop_id)])
    async with open_office(database_url, settings) as office, office.session(shop) as session:
        orders = Tally(session, "orders", "refresh", run_id)

        async def named() -> AsyncIterator[Leaf]:
            yield await session.reader.orders(order_sns)

        async with writer_lock(session.control, shop.id, "orders"):
            await land_all(orders, named())
        await land_answers(orders, order_sns)
    return orders.report(None)


async def land_answers(orders: Tally, order_sns: Sequence[str]) -> None:
    """Ask for money and detail of the named orders where they are missing or older; counts go into `orders`."""
    for stream in STREAMS.values():
        if isinstance(stream.reading, ByOrder):
            answers = await _answers(orders, stream, stream.reading, order_sns)
            orders.pending += answers.pending
            orders.dead_lettered += answers.dead_lettered
            orders.forbidden = orders.forbidden or answers.forbidden


async def _answers(orders: Tally, stream: Stream, reading: ByOrder, order_sns: Sequence[str]) -> Tally:
    session = orders.session
    tally = Tally(session, stream.name, "refresh", orders.run_id)

    async def wanted() -> AsyncIterator[Leaf]:
        parents = await session.known.named(reading, order_sns)
        yield await session.reader.lookups(reading.lookup, parents)

    async with writer_lock(session.control, session.shop.id, stream.name):
        await land_all(tally, wanted())
    return tally
