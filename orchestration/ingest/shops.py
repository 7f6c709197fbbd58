"""Dagster's shop partitions follow the table `ops.shops`; nobody edits them by hand.

Belongs here: reading the active shops and comparing them with the partitions. `omni shops` edits the table itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

from connectors.shops import Shop, list_shops
from orchestration.ingest.partitions import shop_key


def active_shops(database_url: str) -> dict[str, Shop]:
    """Active shops by partition key, in the table's order."""
    with psycopg.connect(database_url) as conn:
        return {shop_key(shop.shop_name, shop.temu_shop_id): shop for shop in list_shops(conn, active_only=True)}


def partition_changes(shops: Mapping[str, Shop], known: Iterable[str]) -> tuple[list[str], list[str]]:
    """Keys to add and keys to delete so that the partitions equal the active shops."""
    before = set(known)
    return [key for key in shops if key not in before], sorted(before - set(shops))
