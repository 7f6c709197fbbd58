"""How a run tells the catalogue what happened: a materialisation per cell that was read, an observation per failure.

Belongs here: events and their metadata. They are stored as they happen: a shop that fails later loses nobody's success.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster import (
    AssetExecutionContext,
    AssetMaterialization,
    AssetObservation,
    DagsterEventType,
    MetadataValue,
    MultiPartitionKey,
)

from connectors.records import Window
from connectors.shops import Shop
from orchestration.failures import may_pass
from orchestration.ingest import partitions
from orchestration.raw_tables import temu_key

if TYPE_CHECKING:
    from connectors.sync import SyncFailure, SyncReport


class Reporter:
    """Turns what `sync_shops` says into Dagster events, and remembers the failures for the end of the run."""

    def __init__(
        self, context: AssetExecutionContext, tables_of_stream: Mapping[str, Sequence[str]], shops: Mapping[str, Shop]
    ) -> None:
        self.failures: dict[str, BaseException] = {}
        self._context = context
        self._tables = tables_of_stream
        self._keys = {shop.id: key for key, shop in shops.items()}
        self._by_day = isinstance(context.assets_def.partitions_def, type(partitions.shop_days))

    def for_window(self, window: Window | None) -> Callable[[SyncReport | SyncFailure], None]:
        """The callback for one call of `sync_shops` with this window (None = live)."""

        def report(event: SyncReport | SyncFailure) -> None:
            error = getattr(event, "error", None)
            if error is not None:
                self._failed(event, error)
            else:
                self._succeeded(event, window or event.window)

        return report

    def _succeeded(self, report: SyncReport, window: Window) -> None:
        key = self._keys[report.shop_id]
        metadata = metadata_of(report)
        self._context.log.info("%s · %s: %s", key, report.stream, _summary(report))
        for partition in self._partitions(key, window):
            for table in self._tables[report.stream]:
                asset = temu_key(table)
                self._context.log_event(AssetMaterialization(asset, partition=partition, metadata=metadata))

    def _failed(self, failure: SyncFailure, error: BaseException) -> None:
        key = self._keys.get(failure.shop_id, failure.shop)
        stream = failure.stream or next(iter(self._tables))
        name = f"{key} · {stream}"
        self.failures[name] = error
        self._context.log.error("%s: %s", name, error)
        self._context.log_event(
            AssetObservation(
                temu_key(stream),
                description=f"{name}: {error}",
                metadata={
                    "name": name,
                    "shop": key,
                    "error": str(error),
                    "error_class": type(error).__name__,
                    "may_pass": may_pass(error),
                    "attempt": self._context.retry_number,
                },
            )
        )

    def _partitions(self, shop: str, window: Window) -> list[str]:
        if not self._by_day:
            return [shop]
        days = partitions.days_read(window)
        return [MultiPartitionKey({"day": day.isoformat(), "shop": shop}) for day in days]


def metadata_of(report: SyncReport) -> dict[str, MetadataValue]:
    """What an operator sees beside a cell: rows, calls, window, watermark."""
    counts = ("rows_read", "rows_inserted", "rows_updated", "rows_unchanged", "rows_dead_lettered", "calls")
    metadata: dict[str, MetadataValue] = {name: MetadataValue.int(getattr(report, name)) for name in counts}
    metadata["window"] = MetadataValue.text(str(report.window))
    if report.watermark is not None:
        metadata["watermark"] = MetadataValue.timestamp(report.watermark)
    return metadata


def _summary(report: SyncReport) -> str:
    return (
        f"{report.rows_read} read, {report.rows_inserted} new, {report.rows_updated} changed, "
        f"{report.rows_unchanged} unchanged, {report.rows_dead_lettered} set aside, {report.calls} calls"
    )


@dataclass(frozen=True)
class EarlierAttempts:
    """What earlier attempts of this very step left behind, read back from the run's own events."""

    to_repeat: frozenset[str] | None
    """Shops whose trouble may have passed by now; None on the first attempt: everything is to be read."""
    permanent: Mapping[str, str]
    """Failures that nobody should ask for again, by shop and stream."""

    @classmethod
    def of(cls, context: AssetExecutionContext) -> EarlierAttempts:
        """Read the observations of this run; cheap, because there is one per failure."""
        if context.retry_number == 0:
            return cls(None, {})
        seen = list(_failures_of(context))
        last = [one for one in seen if one["attempt"] == context.retry_number - 1]
        return cls(
            to_repeat=frozenset(str(one["shop"]) for one in last if one["may_pass"]),
            permanent={str(one["name"]): str(one["error"]) for one in seen if not one["may_pass"]},
        )

    def leaves_open(self, shop: str) -> bool:
        """Whether this attempt has to read the shop."""
        return self.to_repeat is None or shop in self.to_repeat


def _failures_of(context: AssetExecutionContext) -> Iterator[dict[str, object]]:
    for entry in context.instance.all_logs(context.run_id, of_type=DagsterEventType.ASSET_OBSERVATION):
        observation = entry.asset_observation
        if observation is not None:
            yield {name: value.value for name, value in observation.metadata.items()}
