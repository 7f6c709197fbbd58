"""The raw tables as assets: their keys and descriptions, on which both code locations agree.

Belongs here: asset keys of raw tables, equal to the keys of dbt's sources.
"""

from __future__ import annotations

from dagster import AssetKey

from connectors.temu.streams import STREAMS, Stream

OWNERS = ["team:data"]

FILE_TABLES = {
    "product_costs": "Purchase cost of a SKU code from an instant on; Shanghai time where a file gives no zone.",
    "product_managers": "Who looks after a SKU code, and its category.",
    "fx_rates": "What one unit of a currency is worth, from a date on.",
    "fee_rates": "Share of sales that a kind of fee takes, from a date on.",
    "sales_targets": "Target per month and manager or shop.",
    "order_charges": "Charges by parent order: freight, penalties, other.",
    "settlement_lines": "What the platform settled, line by line.",
    "payouts": "What the platform paid out.",
    "account_balances": "Available and frozen money of a shop at an instant.",
    "inventory_snapshots": "Own stock of a SKU code on a date.",
}
"""Table name → description. Equal to the registry of `connectors.files` (tested), which is heavy to import."""


def temu_key(table: str) -> AssetKey:
    """Asset key of a table that a Temu stream lands."""
    return AssetKey(["raw_temu", table])


def file_key(table: str) -> AssetKey:
    """Asset key of a table that people fill with files."""
    return AssetKey(["raw_files", table])


def ops_key(table: str) -> AssetKey:
    """Asset key of a table of the loader's bookkeeping."""
    return AssetKey(["ops", table])


def tables_of(stream: Stream) -> list[str]:
    """The stream's own table first, then those that it lands beside it."""
    return list(dict.fromkeys([stream.name, *stream.tables]))


def streams_by(partitioning: str) -> list[Stream]:
    """Streams cut in one way, `shop_day` or `shop`, in dependency order."""
    return [stream for stream in STREAMS.values() if stream.partitioning == partitioning]


def raw_keys() -> list[AssetKey]:
    """Every raw table of this version."""
    landed = [table for stream in STREAMS.values() for table in tables_of(stream)]
    return [*map(temu_key, dict.fromkeys(landed)), *map(file_key, FILE_TABLES)]
