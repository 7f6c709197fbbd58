"""The heavy code location, as Dagster loads it: `dagster code-server start -m orchestration.transform.definitions`.

Belongs here: the one `Definitions` object. Loading it reads the parsed dbt project (the manifest), the files of the
dashboards and nothing else;
without a manifest it loads too, and the job that would build the marts says how to get one.
"""

from __future__ import annotations

from pathlib import Path

from dagster import Definitions, in_process_executor

from orchestration.dbt_builds import manifest_path
from orchestration.raw_tables import raw_keys
from orchestration.resources import Warehouse
from orchestration.transform.checks import build_raw_checks
from orchestration.transform.dashboards import dashboard_assets
from orchestration.transform.jobs import (
    build_marts_job,
    build_marts_without_manifest,
    check_ledger,
    check_raw,
)
from orchestration.transform.ledger import build_ledger_asset
from orchestration.transform.marts import build_dbt_assets
from orchestration.transform.sensors import build_marts_sensor


def build_defs(manifest: Path | None = None, warehouse: Warehouse | None = None) -> Definitions:
    """Everything of this location, from the manifest at `manifest` (default: `manifest_path()`)."""
    manifest = manifest or manifest_path()
    models = [build_dbt_assets(manifest)] if manifest.is_file() else []
    return Definitions(
        assets=[build_raw_checks(), build_ledger_asset(), *models, *dashboard_assets()],
        jobs=[
            check_raw,
            check_ledger,
            build_marts_job(models[0]) if models else build_marts_without_manifest,
        ],
        sensors=[build_marts_sensor(raw_keys())],
        resources={"warehouse": warehouse or Warehouse()},
        executor=in_process_executor,
    )


defs = build_defs()
