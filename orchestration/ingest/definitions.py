"""The light code location, as Dagster loads it: `dagster code-server start -m orchestration.ingest.definitions`.

Belongs here: the one `Definitions` object, put together from lists. Loading it does no I/O and needs no environment.
"""

from __future__ import annotations

from dagster import Definitions, in_process_executor

from orchestration.alerts.jobs import alert_schedule, tell_alerts
from orchestration.ingest.assets.raw_files import build_raw_files_assets
from orchestration.ingest.assets.raw_temu import build_raw_temu_assets
from orchestration.ingest.assets.recount import build_recount_asset
from orchestration.ingest.jobs import JOBS
from orchestration.ingest.schedules import SCHEDULES
from orchestration.ingest.sensors import SENSORS
from orchestration.ingest.watch import WATCHED, build_watching_checks
from orchestration.resources import Warehouse


def build_defs(warehouse: Warehouse | None = None) -> Definitions:
    """Everything of this location; tests pass a warehouse of their own."""
    return Definitions(
        assets=[*build_raw_temu_assets(), build_raw_files_assets(), build_recount_asset(), *WATCHED],
        asset_checks=[build_watching_checks()],
        jobs=[*JOBS, tell_alerts],
        schedules=[*SCHEDULES, alert_schedule()],
        sensors=SENSORS,
        resources={"warehouse": warehouse or Warehouse()},
        executor=in_process_executor,  # a process per step would triple the cost of a tick
    )


defs = build_defs()
