"""How a run tells the catalogue what happened: a materialisation per cell that was read, an observation per failure.

Belongs here: events and their metadata. They are stored as they happen: a shop that fails later loses nobody's success.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    DagsterEventType,
    EventLogEntry,
    MetadataValue,
    MultiPartitionKey,
)

from connectors.records import Window
from connectors.shops import Shop
from connectors.sync.quote import StreamQuote
from connectors.sync.reports import SyncFailure, SyncProgress, SyncReport
from orchestration.expected import Eta
from orchestration.failures import may_pass
from orchestration.ingest import partitions
from orchestration.raw_tables import temu_key

SECONDS_BETWEEN_WORDS = 3.0


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
        self._last_word = time.monotonic()
        self._eta: Eta | None = None

    def expect(self, quotes: Sequence[StreamQuote]) -> None:
        """Tell with the progress from now on when all of this will be read."""
        self._eta = Eta(quotes, self._context.log.info)

    def for_window(self, asked: Window | None) -> Callable[[SyncReport | SyncFailure], None]:
        """The callback for one call of `sync_shops` with this window (None = live)."""

        def report(event: SyncReport | SyncFailure) -> None:
            if isinstance(event, SyncFailure):
                self._failed(event)
            else:
                self._succeeded(event, asked)

        return report

    def progress(self, progress: SyncProgress) -> None:
        """A line every few seconds, so that a long read does not look like a dead one; of a backfill also its end."""
        if self._eta:
            self._eta(progress)
        if time.monotonic() - self._last_word > SECONDS_BETWEEN_WORDS:
            self._last_word = time.monotonic()
            told = f"{progress.read} read, {progress.inserted} new, {progress.updated} changed so far"
            self._context.log.info("%s · %s: %s", progress.shop_name, progress.stream, told)

    def _succeeded(self, report: SyncReport, asked: Window | None) -> None:
        tell = self._context.log.warning if report.warning else self._context.log.info
        tell(str(report))
        cells = self._partitions(self._keys[report.shop_id], report.window, asked)
        if report.absent:  # cells of a backfill are answered, or it would count as failed though no run did
            cells = cells if asked else []
        if report.forbidden and not report.read:
            self._not_granted(report)
            cells = cells if asked else []
        for table in self._tables[report.stream] if cells else []:
            report_cells(self._context, temu_key(table), cells, metadata_of(report, table))

    def _not_granted(self, report: SyncReport) -> None:
        """The seller did not grant the operation: nothing was read and nothing failed; live cells stay empty.

        Cells of a backfill are answered with this reason, or the backfill would count as failed though no run did.
        """
        self._context.log.warning("%s · %s is skipped: %s", report.shop_name, report.stream, report.forbidden)
        self._context.log_event(AssetObservation(temu_key(report.stream), description=f"skipped: {report.forbidden}"))

    def _failed(self, failure: SyncFailure) -> None:
        name = f"{failure.shop_name} · {failure.stream}"
        self.failures[name] = failure.error
        self._context.log.error(str(failure))
        metadata = {
            "name": name,
            "shop": self._keys[failure.shop_id],
            "error": str(failure.error),
            "error_class": type(failure.error).__name__,
            "may_pass": may_pass(failure.error),
            "attempt": self._context.retry_number,
        }
        observation = AssetObservation(temu_key(failure.stream), description=str(failure), metadata=metadata)
        self._context.log_event(observation)

    def _partitions(self, shop: str, read: Window | None, asked: Window | None) -> list[str]:
        if not self._by_day or read is None:
            return [shop]
        days = partitions.days_read(read)
        if asked:  # the end of what was read may lie before the end of what was asked: the rest has not happened yet
            days = [piece.start.date() for piece in asked.days() if piece.start < read.end]
        return [MultiPartitionKey({"day": day.isoformat(), "shop": shop}) for day in days]


def report_cells(
    context: AssetExecutionContext, asset: AssetKey, cells: Sequence[str], metadata: Mapping[str, MetadataValue]
) -> None:
    """One materialisation per cell; the figures stand at the last one, because they count what all cells brought.

    The first load of a shop completes months of days. One by one these events would take longer than the reading itself
    (30 ms each, batched 1 ms), so all but the first are stored as copies of the first, in one statement.
    """
    events = [AssetMaterialization(asset, partition=cell) for cell in cells[:-1]]
    events.append(AssetMaterialization(asset, partition=cells[-1], metadata=metadata))
    context.log_event(events[0])
    if len(events) == 1:
        return
    found = context.instance.fetch_materializations(asset, limit=1).records
    mine = [record.event_log_entry for record in found if record.run_id == context.run.run_id]
    if mine:
        context.instance.event_log_storage.store_event_batch([_copy(mine[0], event) for event in events[1:]])
    else:  # another run has just reported the same table
        for event in events[1:]:
            context.log_event(event)


def _copy(entry: EventLogEntry, materialization: AssetMaterialization) -> EventLogEntry:
    event = entry.get_dagster_event()
    data = event.step_materialization_data._replace(materialization=materialization)
    return entry._replace(dagster_event=event._replace(event_specific_data=data))


def metadata_of(report: SyncReport, table: str) -> dict[str, MetadataValue]:
    """What an operator sees beside a cell: rows of this table, calls and window of its stream, the watermark."""
    inserted, updated = report.tables.get(table, (0, 0))
    counts = {
        "rows_read": report.read,
        "rows_inserted": inserted,
        "rows_updated": updated,
        "rows_unchanged": report.unchanged,
        "rows_dead_lettered": report.dead_lettered,
        "rows_not_ready": report.pending,
        "calls": report.calls,
    }
    metadata: dict[str, MetadataValue] = {name: MetadataValue.int(count) for name, count in counts.items()}
    metadata["seconds"] = MetadataValue.float(report.seconds)
    for name, value in _remarks(report):
        if value is not None:
            metadata[name] = MetadataValue.text(str(value))
    if report.watermark is not None:
        metadata["watermark"] = MetadataValue.timestamp(report.watermark)
    return metadata


def _remarks(report: SyncReport) -> list[tuple[str, object]]:
    skipped = report.forbidden or report.absent
    return [("window", report.window), ("skipped", skipped), ("warning", report.warning)]


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
    for entry in context.instance.all_logs(context.run.run_id, of_type=DagsterEventType.ASSET_OBSERVATION):
        observation = entry.asset_observation
        if observation is not None and "attempt" in observation.metadata:
            yield {name: value.value for name, value in observation.metadata.items()}
