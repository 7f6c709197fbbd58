"""What a run is going to read: mode, days, and the parts that it will have when it is over.

Belongs here: from a job and its configuration to streams and shops, by the rules that the loader follows. What a run
has read so far: `tasks`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import psycopg

from connectors.shops import Shop, list_shops
from connectors.temu.streams import STREAMS, ByOrder, Stream
from orchestration.api.runs import Run
from orchestration.names import INGEST_ORDERS, INGEST_PRODUCTS, REFRESH_ORDERS, REFRESH_PRODUCTS

_BESIDE_AN_ORDER = ("orders", "after_sales", "cancellations")
"""Read with every named order, besides what is asked about each order anyway."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Mode as in `ops.sync_tasks`, streams by name, and whole days where days are read."""

    mode: str
    streams: tuple[str, ...]
    days: float


def extent_of(run: Run) -> Extent:
    """What a run of this job and configuration reads of shops that have everything."""
    streams = tuple(name for name, stream in STREAMS.items() if _is_read(stream, run.job))
    if run.job in (REFRESH_ORDERS, REFRESH_PRODUCTS):
        return Extent("refresh", streams, 1.0)
    return Extent("window" if run.days else "live", streams, run.days or 1.0)


def _is_read(stream: Stream, job: str) -> bool:
    if job == REFRESH_PRODUCTS:
        return stream.name == "products"
    if job == REFRESH_ORDERS:
        return stream.name in _BESIDE_AN_ORDER or isinstance(stream.reading, ByOrder)
    partitioning = {INGEST_ORDERS: "shop_day", INGEST_PRODUCTS: "shop"}.get(job)
    return stream.partitioning == partitioning and stream.rhythm == "hourly"


def count_parts(conn: psycopg.Connection, run: Run, streams: Collection[str]) -> int:
    """How many parts it will have: one per shop and stream that any of the shop's gateways offers."""
    shops = [shop for shop in list_shops(conn, active_only=True) if not run.shops or _names(shop) & run.shops]
    gateways = {shop.id: {shop.gateway} for shop in shops}
    for shop_id, gateway in conn.execute("select shop_id, gateway from ops.shop_gateways"):
        gateways.get(shop_id, set()).add(gateway)
    return sum(_offers(gateways[shop.id], shop.dialect, STREAMS[name]) for shop in shops for name in streams)


def _offers(gateways: Collection[str], dialect: str, stream: Stream) -> bool:
    return stream.spoken(dialect) is not None and any(map(stream.is_offered_to, gateways))


def _names(shop: Shop) -> set[str]:
    return {shop.shop_name, str(shop.temu_shop_id)}
