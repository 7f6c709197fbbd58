"""Single records, now: what an event or a person names is read again without waiting for the next window.

Belongs here: `refresh_orders`, `refresh_products`. Watermarks stay; the next live window reads over the same records
and changes nothing. What became of each name stands in `ops.sync_logs`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from connectors.errors import ConfigurationError, StreamForbiddenError
from connectors.postgres import landed
from connectors.postgres.lanes import Lane
from connectors.postgres.locks import writer_lock
from connectors.postgres.task_items import TaskItem, log_items
from connectors.records import Window
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync.reports import SyncReport
from connectors.sync.session import ShopSession, chosen_shops, open_office
from connectors.sync.streams import land_all
from connectors.sync.tally import Tally
from connectors.temu.entities import number_of
from connectors.temu.extract import Leaf
from connectors.temu.named import cancellations_of_orders, cases_of_orders, skus_by_id
from connectors.temu.plain import plain_products
from connectors.temu.streams import STREAMS, ByCatalogue, ByOrder, ByWindow, Stream

T = TypeVar("T")
Work = Callable[[ShopSession], Coroutine[Any, Any, T]]


def refresh_orders(
    database_url: str,
    *,
    settings: Settings,
    temu_shop_id: int,
    parent_order_sns: Sequence[str],
    run_id: str,
) -> SyncReport:
    """Read the named orders of a shop (by mall id) with cases, money and detail; the counts are the orders.

    Cases are looked for as far back as `settings.history_days`. Raises a class of `connectors.errors`; what the shop's
    token may not call is told in `forbidden`.
    """
    sns = list(dict.fromkeys(parent_order_sns))
    history = timedelta(days=settings.history_days)
    return with_session(
        database_url, settings, temu_shop_id, lambda session: _refresh_orders(session, sns, history, run_id)
    )


def refresh_products(
    database_url: str, *, settings: Settings, temu_shop_id: int, goods_ids: Sequence[int | str], run_id: str
) -> SyncReport:
    """Read every known SKU of the named goods of a shop (by mall id): price and stock as they are now.

    In shops of the simplified interface these are products, whose ids are texts. A SKU that was never read is found by
    the next reading of the catalogue. Raises a class of `connectors.errors`.
    """
    ids = list(dict.fromkeys(str(one) for one in goods_ids))
    return with_session(database_url, settings, temu_shop_id, lambda session: _refresh_products(session, ids, run_id))


def with_session(database_url: str, settings: Settings, temu_shop_id: int, work: Work[T], lane: Lane = Lane.LIVE) -> T:
    """What `work` does in an open session of the shop (by mall id), whose calls take the lane's place in the quota."""
    [shop] = chosen_shops(database_url, [str(temu_shop_id)])
    return asyncio.run(_run(database_url, settings, shop, work, lane))


async def _run(database_url: str, settings: Settings, shop: Shop, work: Work[T], lane: Lane) -> T:
    async with open_office(database_url, settings, lane=lane) as office, office.session(shop) as session:
        return await work(session)


def _must_have(session: ShopSession, stream: str) -> None:
    """ConfigurationError if the shop's gateways do not offer the stream."""
    if session.offering(STREAMS[stream]) is None:
        raise ConfigurationError(
            f"shop {session.shop.shop_name} has no {stream} to read: {session.why_not(STREAMS[stream])}",
            remedy="ask for it from the shop whose gateway serves it",
        )


async def _refresh_orders(session: ShopSession, sns: list[str], history: timedelta, run_id: str) -> SyncReport:
    _must_have(session, "orders")
    orders = Tally(session, "orders", "refresh", run_id)
    try:
        found = await read_orders(orders, sns, history)
    except Exception as error:
        await _log(orders, (TaskItem(sn, "failed", str(error)) for sn in sns))
        raise
    await _log(orders, (_item(sn, sn in found, orders) for sn in sns))
    return orders.report(None)


async def read_orders(orders: Tally, sns: Sequence[str], history: timedelta) -> set[object]:
    """Land the named orders with cases, money and detail, counted in `orders`; the numbers that the shop has."""
    session, found = orders.session, set[object]()

    async def named() -> AsyncGenerator[Leaf, None]:
        leaf = await session.reader.orders(sns)
        found.update(record.key[0] for record in leaf.records["orders"])
        yield leaf

    await land(orders, named())
    if session.offering(STREAMS["after_sales"]):
        await _land_cases(orders, sns, history)
    if session.offering(STREAMS["cancellations"]):
        await _land_cancellations(orders, sns)
    await land_answers(orders, sns)
    return found


async def _land_cases(orders: Tally, sns: Sequence[str], history: timedelta) -> None:
    """After-sales cases of the orders, before their money: a case changes it."""
    stream = STREAMS["after_sales"]
    reading = stream.reading
    if not isinstance(reading, ByWindow):
        raise TypeError("after-sales cases are read by window")
    session, tally = orders.session, Tally(orders.session, stream.name, "refresh", orders.run_id)
    now = session.client.now()

    async def cases() -> AsyncGenerator[Leaf, None]:
        yield await cases_of_orders(session.client, session.reader, reading, sns, Window(now - history, now))

    await land(tally, cases())
    _add(orders, tally)


async def _land_cancellations(orders: Tally, sns: Sequence[str]) -> None:
    """Cancellation cases of the orders, which change their money, too."""
    stream = STREAMS["cancellations"]
    reading = stream.reading
    if not isinstance(reading, ByCatalogue):
        raise TypeError("cancellations are read as a catalogue")
    client, tally = orders.session.client, Tally(orders.session, stream.name, "refresh", orders.run_id)

    async def cases() -> AsyncGenerator[Leaf, None]:
        yield await cancellations_of_orders(client, reading, sns)

    await land(tally, cases())
    _add(orders, tally)


async def land_answers(orders: Tally, order_sns: Sequence[str]) -> None:
    """Ask for money and detail of the named orders where they are missing or older; counts go into `orders`."""
    for stream in STREAMS.values():
        if isinstance(stream.reading, ByOrder) and orders.session.offering(stream):
            _add(orders, await _answers(orders, stream, stream.reading, order_sns))


async def _answers(orders: Tally, stream: Stream, reading: ByOrder, order_sns: Sequence[str]) -> Tally:
    session = orders.session
    tally = Tally(session, stream.name, "refresh", orders.run_id)

    async def wanted() -> AsyncGenerator[Leaf, None]:
        parents = await session.known.named(reading, order_sns)
        yield await session.reader.lookups(reading.lookup, parents)

    await land(tally, wanted())
    return tally


async def _refresh_products(session: ShopSession, goods_ids: list[str], run_id: str) -> SyncReport:
    _must_have(session, "products")
    tally = Tally(session, "products", "refresh", run_id)
    found: set[str] = set()

    async def named() -> AsyncGenerator[Leaf, None]:
        read = _plain_products if session.shop.dialect == "rest" else _skus_of_goods
        yield await read(session, goods_ids, found)

    try:
        await land(tally, named())
    except Exception as error:
        await _log(tally, (TaskItem(goods, "failed", str(error)) for goods in goods_ids))
        raise
    await _log(tally, (_item(goods, goods in found, tally) for goods in goods_ids))
    return tally.report(None)


async def _skus_of_goods(session: ShopSession, goods_ids: list[str], found: set[str]) -> Leaf:
    """The landed SKUs of the goods as the platform tells them now; goods of which it told one are added to `found`."""
    if odd := [goods for goods in goods_ids if not goods.isdecimal()]:
        raise ConfigurationError(f"{', '.join(odd)}: goods of this shop have numbers", remedy="copy the goods id")
    skus = await landed.skus_of(session.control, shop_id=session.shop.id, goods_ids=[int(one) for one in goods_ids])
    goods_of: dict[object, str] = {sku: str(goods) for goods, ids in skus.items() for sku in ids}
    leaf = await _skus(session, sorted(sku for ids in skus.values() for sku in ids))
    found.update(goods_of[record.key[0]] for record in leaf.records["products"])
    return leaf


async def _skus(session: ShopSession, sku_ids: list[int]) -> Leaf:
    """By the list that the shop's token may call, as the whole catalogue is read."""
    stream = STREAMS["products"]
    if not isinstance(stream.reading, ByCatalogue) or not isinstance(stream.otherwise, ByCatalogue):
        raise TypeError("products are read as a catalogue, by either of two lists")
    try:
        return await skus_by_id(session.client, stream.reading, sku_ids)
    except StreamForbiddenError:
        return await skus_by_id(session.client, stream.otherwise, sku_ids)


async def _plain_products(session: ShopSession, product_ids: list[str], found: set[str]) -> Leaf:
    leaf = await plain_products(session.client, product_ids)
    keys = {record.key[0] for record in leaf.records["products"]}
    found.update(one for one in product_ids if number_of(one) in keys)
    return leaf


async def land(tally: Tally, leaves: AsyncGenerator[Leaf, None]) -> None:
    """Store the leaves under a task row of their own, as soon as nobody else writes this stream."""
    async with writer_lock(tally.session.control, tally.session.shop.id, tally.stream) as lock:
        await land_all(tally, leaves, lock)


def _add(orders: Tally, other: Tally) -> None:
    orders.pending += other.pending
    orders.dead_lettered += other.dead_lettered
    orders.forbidden = orders.forbidden or other.forbidden


def _item(name: str, is_found: bool, tally: Tally) -> TaskItem:
    if is_found:
        return TaskItem(name, "pending", "its money is not ready yet") if tally.pending else TaskItem(name, "ok")
    if tally.forbidden:
        return TaskItem(name, "failed", tally.forbidden)
    return TaskItem(name, "failed" if tally.dead_lettered else "absent", "the shop did not answer with this number")


async def log_found(tally: Tally, names: Iterable[str], how: str) -> None:
    """Say of records that nobody named why they were read."""
    await _log(tally, (TaskItem(name, "ok", how) for name in names))


async def _log(tally: Tally, items: Iterable[TaskItem]) -> None:
    if tally.task_id is None:  # it failed before a task began, and the run says why
        return
    await log_items(
        tally.session.control,
        tally.task_id,
        run_id=tally.run_id,
        shop_id=tally.session.shop.id,
        stream=tally.stream,
        items=items,
    )
