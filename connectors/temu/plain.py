"""Single orders of a shop that speaks the simplified REST interface (API reference §17)."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.temu.client import TemuClient
from connectors.temu.concurrent import all_of
from connectors.temu.entities import Rows
from connectors.temu.errors import RecordNotFoundError
from connectors.temu.leaves import Leaf
from connectors.temu.streams import rest


async def plain_orders(client: TemuClient, order_sns: Sequence[str]) -> Leaf:
    """The named orders as they are now; numbers that the shop does not have are simply absent."""
    entity = rest.ORDERS.listing.entity

    async def one(order_sn: str) -> Rows:
        try:
            answer = await client.call(rest.ORDER_DETAIL, {"order_sn": order_sn})
        except RecordNotFoundError:
            return Rows()
        return entity.rows([answer], at=client.now())

    found = await all_of(one(order_sn) for order_sn in order_sns)
    records = [record for rows in found for record in rows.records]
    return Leaf({entity.table: records}, [refused for rows in found for refused in rows.rejected])
