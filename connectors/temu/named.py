"""Records asked for by number or label instead of by window: the cases of some orders, some SKUs, urgent orders.

Belongs here: which word of which listing names them. Orders by number are `Reader.orders`. Numbers that the shop does
not have are simply absent from the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.records import Window
from connectors.temu.client import TemuClient
from connectors.temu.entities import Rows
from connectors.temu.extract import ORDERS_PER_CALL, Leaf, Reader
from connectors.temu.pagination import pages_by_token, read_all, rows_of
from connectors.temu.streams import ORDER_LIST, ByCatalogue, ByWindow, Listing
from connectors.temu.windows import WindowRows, bounds

URGENT_LABELS = ("soon_to_be_overdue", "past_due")
WAITING_STATES = (2, 41)
"""Not shipped, and shipped in part. What was shipped too late keeps its label and is no hurry any more."""


async def urgent_orders(client: TemuClient) -> Leaf:
    """The orders that wait to be shipped and are, by the platform's own label, late or soon to be so (§8.2, §8.3)."""
    found = Rows()
    for label in URGENT_LABELS:
        for state in WAITING_STATES:
            found.add(await read_all(client, ORDER_LIST, {"parentOrderLabel": [label], "parentOrderStatus": state}))
    return Leaf({ORDER_LIST.entity.table: found.records}, found.rejected)


async def cases_of_orders(
    client: TemuClient, reader: Reader, reading: ByWindow, order_sns: Sequence[str], window: Window
) -> Leaf:
    """After-sales cases of the named orders that changed in `window`, with their details (API reference §13.1)."""
    listing = reading.listing
    rows = await _read(client, listing, "parentOrderSnList", order_sns, bounds(listing, window))
    leaf = Leaf({listing.entity.table: rows.records}, rows.rejected)
    if reading.lookup:
        await reader.add_details(leaf, reading.lookup, WindowRows(window, rows))
    return leaf


async def cancellations_of_orders(client: TemuClient, reading: ByCatalogue, order_sns: Sequence[str]) -> Leaf:
    """Cancellation cases of the named orders (§13.4), whose list has no time filter."""
    rows = await _read(client, reading.listing, "parentOrderSnList", order_sns, {})
    return Leaf({reading.listing.entity.table: rows.records}, rows.rejected)


async def skus_by_id(client: TemuClient, reading: ByCatalogue, sku_ids: Sequence[int]) -> Leaf:
    """The SKUs as they are now, whatever bucket they are in (§10.3), with today's dated copy."""
    found = Rows()
    ids = [str(sku) for sku in sku_ids] if reading.listing.by_token else sku_ids  # §10.2 wants texts
    for bucket in reading.buckets:
        found.add(await _read(client, reading.listing, "skuIdList", ids, bucket))
    leaf = Leaf({reading.listing.entity.table: found.records}, found.rejected)
    if reading.snapshot:
        payloads = [record.payload for record in found.records]
        leaf.records[reading.snapshot.table] = reading.snapshot.rows(payloads, at=client.now()).records
    return leaf


async def _read(
    client: TemuClient, listing: Listing, word: str, names: Sequence[object], params: Mapping[str, object]
) -> Rows:
    found = Rows()
    for start in range(0, len(names), ORDERS_PER_CALL):
        asked = {**params, word: list(names[start : start + ORDERS_PER_CALL])}
        found.add(await _whole(client, listing, asked))
    return found


async def _whole(client: TemuClient, listing: Listing, params: Mapping[str, object]) -> Rows:
    if not listing.by_token:
        return await read_all(client, listing, params)
    return rows_of([page async for page in pages_by_token(client, listing, params)])
