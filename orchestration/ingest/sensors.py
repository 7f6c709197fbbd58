"""What this location watches: the shops table and the two inbox folders.

Belongs here: noticing. Each inbox visit handles everything that waits, so one queued run is always enough.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from connectors.files import dropped_files
from orchestration.busy import is_busy, last_run
from orchestration.ingest.jobs import load_files, refresh_orders
from orchestration.ingest.partitions import shops as shop_partitions
from orchestration.ingest.shops import active_shops, partition_changes
from orchestration.ingest.webhook_inbox import waiting_files
from orchestration.names import SHOPS_PARTITIONS
from orchestration.resources import Warehouse

PAUSE_SECONDS = 300.0
"""After a failure, unless other files came meanwhile."""
REST_SHARE = 0.25
"""Between two runs the machine rests for this share of the first one: big shops have events all day."""


@sensor(minimum_interval_seconds=30, default_status=DefaultSensorStatus.RUNNING)
def shops_follow_table(context: SensorEvaluationContext, warehouse: Warehouse) -> SensorResult | SkipReason:
    """Shop partitions equal the active rows of `ops.shops`; what an inactive shop brought stays in the tables."""
    known = context.instance.get_dynamic_partitions(SHOPS_PARTITIONS)
    new, gone = partition_changes(active_shops(warehouse.database_url()), known)
    if not new and not gone:
        return SkipReason("no shop was added or deactivated")
    requests = [shop_partitions.build_add_request(new)] if new else []
    return SensorResult(
        dynamic_partitions_requests=[*requests, *([shop_partitions.build_delete_request(gone)] if gone else [])]
    )


@sensor(job=refresh_orders, minimum_interval_seconds=5, default_status=DefaultSensorStatus.RUNNING)
def webhook_inbox(context: SensorEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """One run for all event files that wait."""
    return _visit(context, refresh_orders.name, waiting_files(warehouse.settings().webhook_inbox))


@sensor(job=load_files, minimum_interval_seconds=15, default_status=DefaultSensorStatus.RUNNING)
def file_inbox(context: SensorEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """One run for all cost, rate, target and settlement files that wait."""
    return _visit(context, load_files.name, dropped_files(warehouse.settings().file_inbox))


def _visit(context: SensorEvaluationContext, job_name: str, waiting: Sequence[Path]) -> RunRequest | SkipReason:
    """A run puts away every file it could handle, so waiting files ask for one, unless one has just failed on them."""
    if not waiting:
        return SkipReason("nothing waits")
    if is_busy(context.instance, job_name):
        return SkipReason("a run is on its way; the next one takes what it leaves")
    last, now = last_run(context.instance, job_name), time.time()
    if last and now - last.ended_at < REST_SHARE * (last.ended_at - last.started_at):
        return SkipReason("the last run has just ended; what comes meanwhile is collected")
    if last and last.failed and now - last.ended_at < PAUSE_SECONDS and _newest(waiting) < last.started_at:
        return SkipReason(f"the last run failed on these files; the next follows after {PAUSE_SECONDS:.0f} s")
    return RunRequest(tags={"omni/files": str(len(waiting)), "dagster/priority": "2"})


def _newest(paths: Sequence[Path]) -> float:
    """When the last of them was written: what came after the start of a run was not its trouble."""
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)


SENSORS = [shops_follow_table, webhook_inbox, file_inbox]
