"""What operators launch in this location: check the raw tables, build the marts.

Belongs here: job definitions. Both may be repeated at any time.
"""

from typing import Any

from dagster import AssetsDefinition, AssetSelection, Failure, define_asset_job, job, op

from orchestration.names import BUILD_MARTS, CHECK_LEDGER, CHECK_RAW
from orchestration.transform.checks import CHECKED_TABLES, verdict_key
from orchestration.transform.ledger import LEDGER_KEY

RAW_CHECKS = AssetSelection.assets(*map(verdict_key, CHECKED_TABLES))

check_raw = define_asset_job(
    CHECK_RAW, selection=RAW_CHECKS, description="Great Expectations suites on the raw tables."
)
check_ledger = define_asset_job(
    CHECK_LEDGER,
    selection=AssetSelection.assets(LEDGER_KEY),
    description="Reported, landed, set aside, staged and in the marts: is every record accounted for?",
)


def build_marts_job(models: AssetsDefinition) -> Any:  # Dagster exports no type for a job before it is resolved
    """Checks on raw first; a broken E rule stops the build, everything else is told and goes on; the ledger last."""
    selection = AssetSelection.assets(*models.keys) | RAW_CHECKS | AssetSelection.assets(LEDGER_KEY)
    return define_asset_job(
        BUILD_MARTS, selection=selection, description="Raw checks, all dbt models with their tests, the ledger."
    )


NO_MANIFEST = (
    "The dbt project has not been parsed, so there are no models to build. → run `dbt parse --project-dir dbt_project "
    "--profiles-dir dbt_project` (omni does so when it starts), then reload this code location"
)


@op(description=NO_MANIFEST)
def explain_missing_manifest() -> None:
    """Fail with the remedy, so that whoever launches the job reads it where they look."""
    raise Failure(NO_MANIFEST, allow_retries=False)


@job(name=BUILD_MARTS, description=NO_MANIFEST)
def build_marts_without_manifest() -> None:
    """Stands in for the real job until the project is parsed."""
    explain_missing_manifest()
