"""What a backfill costs, before it starts: calls, records and time per shop and stream.

Belongs here: the estimate and where it comes from. The longest window that a stream of a shop was ever read for tells
calls and records per day, because a first load asks for everything once. A shop without such a past is asked for one
cheap count. Nothing here reads or stores records.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import psycopg
import structlog
from psycopg.rows import dict_row

from connectors.errors import ConfigurationError, OmniError
from connectors.postgres.lanes import RULES, Lane
from connectors.postgres.quota import calls_per_second
from connectors.records import Window
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync.session import chosen_shops, open_office
from connectors.temu.pagination import read_total
from connectors.temu.streams import STREAMS, Batch, ByOrder, ByWindow, Stream
from connectors.temu.windows import bounds

log = structlog.get_logger(__name__)

Basis = Literal["history", "platform count", "unknown"]


@dataclass(frozen=True, slots=True)
class StreamQuote:
    """One stream of one shop: calls and records to expect, and what says so; None = nobody knows.

    `minutes` at the app key's present quota, less what others used of it in the last 24 hours.
    """

    shop_name: str
    app_key: str
    stream: str
    basis: Basis
    calls: int | None
    rows: int | None
    minutes: float | None = None


def quote_backfill(
    database_url: str,
    *,
    settings: Settings,
    shops: Sequence[str] | None,
    streams: Sequence[str] | None,
    window: Window,
) -> list[StreamQuote]:
    """The cost of reading a window of update time for the shops (None = active) and streams (None = all by day).

    A shop without a past is asked for a count, one call; ConfigurationError for a shop or stream that cannot be read by
    day.
    """
    chosen, wanted = chosen_shops(database_url, shops), streams_by_day(streams)
    with psycopg.connect(database_url) as connection:
        pasts = {shop.id: _past(connection, shop.id) for shop in chosen}
        rates = {shop.app_key: _free_rate(connection, shop.app_key) for shop in chosen}
    blank = [
        shop
        for shop in chosen
        if any(one.is_own_of(shop.gateway, shop.dialect) and one.name not in pasts[shop.id] for one in wanted)
    ]
    counts = asyncio.run(_counts(database_url, settings, blank, window)) if blank else {}
    quotes = [
        _quote(shop, stream, window, pasts[shop.id].get(stream.name), counts.get(shop.id))
        for shop in chosen
        for stream in wanted
        if stream.is_own_of(shop.gateway, shop.dialect)
    ]
    return [_timed(one, rates[one.app_key]) for one in quotes]


def minutes_of(quotes: Sequence[StreamQuote]) -> float:
    """Minutes for all of them: shops of one app key wait for each other, app keys do not."""
    by_key: dict[str, float] = defaultdict(float)
    for one in quotes:
        by_key[one.app_key] += one.minutes or 0.0
    return round(max(by_key.values(), default=0.0), 1)


def streams_by_day(names: Sequence[str] | None) -> list[Stream]:
    """The streams that a backfill can read. ConfigurationError for a name that is none of them."""
    by_day = {name: stream for name, stream in STREAMS.items() if stream.partitioning == "shop_day"}
    unknown = [name for name in names or () if name not in by_day]
    if unknown:
        raise ConfigurationError(
            f"{', '.join(unknown)}: no stream of that name is read by day", remedy=f"choose among {', '.join(by_day)}"
        )
    return [stream for name, stream in by_day.items() if names is None or name in names]


def _quote(
    shop: Shop, stream: Stream, window: Window, past: tuple[float, float] | None, orders: int | None
) -> StreamQuote:
    days = window.seconds / 86_400
    blank = StreamQuote(shop.shop_name, shop.app_key, stream.name, "unknown", None, None)
    if past:
        calls_a_day, rows_a_day = past
        return replace(blank, basis="history", calls=round(calls_a_day * days), rows=round(rows_a_day * days))
    if orders is None:
        return blank
    calls = _calls_for(stream, orders)
    return replace(blank, basis="platform count", calls=calls, rows=None if calls is None else orders)


def _calls_for(stream: Stream, orders: int) -> int | None:
    """Calls for so many orders; None where a count of orders says nothing (parcels, after-sales)."""
    reading = stream.reading
    if stream.name == "orders" and isinstance(reading, ByWindow):
        return -(-orders // reading.listing.page_size) + 1
    if isinstance(reading, ByOrder) and reading.about == "order":
        size = reading.lookup.size if isinstance(reading.lookup, Batch) else 1
        return -(-orders // size)
    return None


def _timed(quote: StreamQuote, free: float) -> StreamQuote:
    return quote if quote.calls is None else replace(quote, minutes=round(quote.calls / free / 60, 1))


def _past(connection: psycopg.Connection, shop_id: int) -> dict[str, tuple[float, float]]:
    """Calls and records per day of each stream, by its longest window, half a day at least."""
    query = """
        select distinct on (stream) stream, calls, rows_read,
            extract(epoch from window_end - window_start)::float8 / 86400 as days
        from ops.sync_tasks
        where shop_id = %s and status = 'completed' and skipped is null and mode in ('live', 'window')
            and window_end - window_start >= interval '12 hours'
        order by stream, window_end - window_start desc, started_at
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, [shop_id]).fetchall()
    return {row["stream"]: (row["calls"] / row["days"], row["rows_read"] / row["days"]) for row in rows}


def _free_rate(connection: psycopg.Connection, app_key: str) -> float:
    """Calls per second that others leave of the quota, by their last 24 hours; a backfill's share at least."""
    query = """
        select coalesce(sum(calls), 0)::float8 / 86400 from ops.sync_tasks
        join ops.shops on shops.id = shop_id
        where app_key = %s and mode <> 'window' and started_at > now() - interval '24 hours'
    """
    rate, row = calls_per_second(connection, app_key), connection.execute(query, [app_key]).fetchone()
    used = float(row[0]) if row else 0.0
    return max(rate - used, rate * RULES[Lane.BACKFILL].share)


async def _counts(database_url: str, settings: Settings, shops: Sequence[Shop], window: Window) -> Mapping[int, int]:
    """Orders that the platform counts in the window, of the shops that answer."""
    async with open_office(database_url, settings) as office:

        async def count(shop: Shop) -> tuple[int, int] | None:
            orders = STREAMS["orders"].spoken(shop.dialect)
            if (
                not orders
                or not orders.is_own_of(shop.gateway, shop.dialect)
                or not isinstance(orders.reading, ByWindow)
            ):
                return None
            listing = orders.reading.listing
            try:
                async with office.session(shop) as session:
                    return shop.id, await read_total(session.client, listing, bounds(listing, window))
            except OmniError as error:  # it stays unknown, the quotes of the others hold
                log.warning("a shop could not be asked for a count", shop=shop.shop_name, error=str(error))
                return None

        found = await office.each(shops, count)
    return dict(one for one in found if one)
