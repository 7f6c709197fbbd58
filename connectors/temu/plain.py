"""Single records of a shop that speaks the simplified REST interface (API reference §17), asked for by number."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.temu.client import TemuClient
from connectors.temu.concurrent import all_of
from connectors.temu.entities import Entity, Rows
from connectors.temu.errors import RecordNotFoundError
from connectors.temu.leaves import Leaf
from connectors.temu.streams import rest


async def plain_orders(client: TemuClient, order_sns: Sequence[str]) -> Leaf:
    """The named orders as they are now; numbers that the shop does not have are simply absent."""
    rows = await _details(client, rest.ORDER_DETAIL, "order_sn", order_sns, rest.ORDERS.listing.entity)
    return Leaf({rest.ORDERS.listing.entity.table: rows.records}, rows.rejected)


async def plain_products(client: TemuClient, product_ids: Sequence[str]) -> Leaf:
    """The named products as they are now, with today's dated copy; ids that the shop does not have are absent."""
    entity, copy = rest.PRODUCTS.listing.entity, rest.PRODUCT_COPIES
    rows = await _details(client, rest.PRODUCT_DETAIL, "product_id", product_ids, entity)
    copies = copy.rows([record.payload for record in rows.records], at=client.now())
    return Leaf({entity.table: rows.records, copy.table: copies.records}, rows.rejected)


async def _details(client: TemuClient, operation: str, word: str, names: Sequence[str], entity: Entity) -> Rows:
    async def one(name: str) -> Rows:
        try:
            answer = await client.call(operation, {word: name})
        except RecordNotFoundError:
            return Rows()
        return entity.rows([answer], at=client.now())

    found = Rows()
    for rows in await all_of(one(name) for name in names):
        found.add(rows)
    return found
