"""`inventory_snapshots.csv`: the shelves of every shop at the end of each Beijing day."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.files.days import business_date
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.world import World

COLUMNS = ("snapshot_date", "shop", "sku_code", "on_hand", "reserved", "in_transit")
_BEIJING_MIDNIGHT = 16 * 3600


def snapshot_rows(world: World, now: int) -> Iterator[tuple[object, ...]]:
    """One row per listing and complete day; `reserved` are the units ordered within the last day."""
    for at in range(world.spec.opening * DAY + _BEIJING_MIDNIGHT, now + 1, DAY):
        for shop in world.shops:
            for shelf in shop.shelves.values():
                if shelf.changes and shelf.changes[0] <= at:
                    reserved = shelf.sold_until(at) - shelf.sold_until(at - DAY)
                    yield (
                        business_date(at - 1), shop.profile.name, shelf.listing.article, shelf.level_at(at), reserved,
                        shelf.in_transit_at(at),
                    )  # fmt: skip
