"""Assets `raw_temu/*`: one per table that the streams of `connectors.temu.streams` land.

Belongs here: keys, lineage, partitions, groups. What a run does with its cells is `orchestration.ingest.reading`.
A new stream appears here by itself; its asset key equals dbt's source key.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    Config,
    PartitionsDefinition,
    RetryPolicy,
    multi_asset,
)
from pydantic import Field

from connectors.errors import ConfigurationError
from connectors.records import Window
from connectors.temu.streams import STREAMS, Stream
from orchestration.failures import TRANSIENT_RETRIES, explained
from orchestration.ingest import partitions, reading
from orchestration.names import PRODUCTS_POOL, SHOP_DAY_STEP, SHOP_STEP
from orchestration.raw_tables import OWNERS, streams_by, tables_of, temu_key
from orchestration.resources import Warehouse


class ReadConfig(Config):
    """What an operator may narrow when launching a run by hand. Never holds secrets."""

    shops: list[str] = Field(default_factory=list, description="Shop names or mall ids; empty = all active shops.")
    first_day: str | None = Field(
        default=None, description="With last_day, and without partitions: these whole UTC days, both included."
    )
    last_day: str | None = Field(default=None, description="See first_day.")

    def window(self) -> Window | None:
        """The days as a window; None without them. Raises ConfigurationError for what is no pair of days."""
        if self.first_day is None and self.last_day is None:
            return None
        try:
            first, last = (date.fromisoformat(str(day)) for day in (self.first_day, self.last_day))
            return Window(Window.of_day(first).start, Window.of_day(last).end)
        except ValueError:
            raise ConfigurationError(
                f"{self.first_day} to {self.last_day} are no days", remedy="give both as YYYY-MM-DD, the earlier first"
            ) from None


def specs_of(stream: Stream) -> Iterator[AssetSpec]:
    """The stream's own table, and the tables that it lands beside it."""
    for table in tables_of(stream):
        parents = [stream.name] if table != stream.name else _read_together(stream)
        yield AssetSpec(
            temu_key(table),
            deps=[temu_key(parent) for parent in parents],
            description=stream.description,
            skippable=True,
            group_name="raw_temu",
            owners=OWNERS,
            kinds={"postgres", "python"},
            metadata={"stream": stream.name, "dagster/table_name": f"raw_temu.{table}"},
        )


def _read_together(stream: Stream) -> list[str]:
    """The stream's sources that the same job reads. A live run has no partitions, so it could not say which partitions
    of an asset outside its job it has read, and Dagster would refuse it once that asset exists."""
    job = (stream.partitioning, stream.rhythm)
    return [name for name in stream.sources if (STREAMS[name].partitioning, STREAMS[name].rhythm) == job]


def build_reading_assets(
    name: str,
    streams: Sequence[Stream],
    partitions_def: PartitionsDefinition[str],
    *,
    pool: str | None,
    retries: RetryPolicy,
) -> AssetsDefinition:
    """One step that reads all given streams for all cells of a run, so that a tick is one cheap process."""

    @multi_asset(
        name=name,
        specs=[spec for stream in streams for spec in specs_of(stream)],
        can_subset=True,
        partitions_def=partitions_def,
        backfill_policy=BackfillPolicy.single_run(),
        retry_policy=retries,
        pool=pool,
    )
    def read(context: AssetExecutionContext, config: ReadConfig, warehouse: Warehouse) -> Iterator[None]:
        tables = {key.path[-1] for key in context.selected_asset_keys}
        wanted = {stream.name: _tables(stream, tables) for stream in streams if _tables(stream, tables)}
        with explained():
            reading.read_cells(context, warehouse, wanted, only_shops=config.shops, asked=config.window())
        yield from ()  # successes were reported one by one; there is no output that could claim the rest

    return read


def _tables(stream: Stream, selected: set[str]) -> list[str]:
    return [table for table in tables_of(stream) if table in selected]


def build_raw_temu_assets(retries: RetryPolicy = TRANSIENT_RETRIES) -> list[AssetsDefinition]:
    """Both reading steps: event-like streams by shop × day, catalogue-like ones by shop."""
    by_day, by_shop = streams_by("shop_day"), streams_by("shop")
    return [
        # Without a pool: news would wait there for the end of a backfill. How many of these run is told by their tags.
        build_reading_assets(SHOP_DAY_STEP, by_day, partitions.shop_days, pool=None, retries=retries),
        build_reading_assets(SHOP_STEP, by_shop, partitions.shops, pool=PRODUCTS_POOL, retries=retries),
    ]
