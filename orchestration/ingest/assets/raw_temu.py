"""Assets `raw_temu/*`: one per table that the streams of `connectors.temu.streams` land.

Belongs here: keys, lineage, partitions, groups. What a run does with its cells is `orchestration.ingest.reading`.
A new stream appears here by itself; its asset key equals dbt's source key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.temu.streams import STREAMS, Stream
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    Config,
    PartitionsDefinition,
    multi_asset,
)
from pydantic import Field

from orchestration.failures import TRANSIENT_RETRIES, explained
from orchestration.ingest import partitions, reading
from orchestration.names import ORDERS_POOL, PRODUCTS_POOL, SHOP_DAY_STEP, SHOP_STEP
from orchestration.resources import Warehouse

OWNERS = ["team:data"]
READS_ORDERS = ("order_amounts", "order_details")
"""Streams that ask about orders which `orders` has landed."""


class ReadConfig(Config):
    """What an operator may narrow when launching a run by hand. Never holds secrets."""

    shops: list[str] = Field(default_factory=list, description="Shop names or mall ids; empty = all active shops.")


def raw_key(table: str) -> AssetKey:
    """Asset key of a raw Temu table, equal to the key of dbt's source."""
    return AssetKey(["raw_temu", table])


def streams_by(partitioning: str) -> list[Stream]:
    """Streams cut in one way: `shop_day` or `shop`, in dependency order."""
    return [stream for stream in STREAMS.values() if stream.partitioning == partitioning]


def tables_of(stream: Stream) -> list[str]:
    """Its own table first, then those that it lands beside it."""
    return list(tables_of(stream))


def specs_of(stream: Stream) -> Iterator[AssetSpec]:
    """The stream's own table, and the tables that it lands beside it."""
    for table in tables_of(stream):
        parents = ["orders"] if table in READS_ORDERS else []
        parents += [] if table == stream.name else [stream.name]
        yield AssetSpec(
            raw_key(table),
            deps=[raw_key(parent) for parent in parents],
            description=(type(stream).__doc__ if not stream.description else stream.description),
            skippable=True,
            group_name="raw_temu",
            owners=OWNERS,
            kinds={"postgres", "python"},
            metadata={"stream": stream.name, "dagster/table_name": f"raw_temu.{table}"},
        )


def build_reading_assets(
    name: str, streams: Sequence[Stream], partitions_def: PartitionsDefinition[str], *, pool: str
) -> AssetsDefinition:
    """One step that reads all given streams for all cells of a run, so that a tick is one cheap process."""

    @multi_asset(
        name=name,
        specs=[spec for stream in streams for spec in specs_of(stream)],
        can_subset=True,
        partitions_def=partitions_def,
        backfill_policy=BackfillPolicy.single_run(),
        retry_policy=TRANSIENT_RETRIES,
        pool=pool,
    )
    def read(context: AssetExecutionContext, config: ReadConfig, warehouse: Warehouse) -> Iterator[None]:
        tables = {key.path[-1] for key in context.selected_asset_keys}
        wanted = {stream.name: _tables(stream, tables) for stream in streams if _tables(stream, tables)}
        with explained():
            reading.read_cells(context, warehouse, wanted, only_shops=config.shops)
        yield from ()  # successes were reported one by one; there is no output that could claim the rest

    return read


def _tables(stream: Stream, selected: set[str]) -> list[str]:
    return [table for table in tables_of(stream) if table in selected]


def build_raw_temu_assets() -> Mapping[str, AssetsDefinition]:
    """Both reading steps by name: event-like streams by shop × day, catalogue-like ones by shop."""
    return {
        SHOP_DAY_STEP: build_reading_assets(
            SHOP_DAY_STEP, streams_by("shop_day"), partitions.shop_days, pool=ORDERS_POOL
        ),
        SHOP_STEP: build_reading_assets(SHOP_STEP, streams_by("shop"), partitions.shops, pool=PRODUCTS_POOL),
    }
