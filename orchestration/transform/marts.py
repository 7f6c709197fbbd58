"""Assets for every dbt model, and dbt's tests as their checks, from a manifest that was parsed beforehand.

Belongs here: keys, groups and owners of models, and calling `dbt build`. SQL and tests live in `dbt_project`.
Sources keep dbt's default keys, which equal those of the light location, so one lineage leads from endpoint to mart.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from orchestration.cached_answers import forget_cached_answers
from orchestration.dbt_builds import build_folder
from orchestration.names import MARTS_POOL
from orchestration.raw_tables import OWNERS
from orchestration.resources import Warehouse
from orchestration.transform.checks import CHECKED_TABLES, checked_key, verdict_key
from orchestration.transform.dbt import dbt_of
from orchestration.transform.results import keep_dbt_results
from orchestration.transform.warm import warm_answers


class LayerTranslator(DagsterDbtTranslator):
    """Layers of the project are the groups of the catalogue."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """staging, intermediate or marts, after the folder of the model."""
        layers = [part for part in dbt_resource_props["fqn"][1:] if part in ("staging", "intermediate", "marts")]
        return layers[0] if layers else super().get_group_name(dbt_resource_props)

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        """A model that reads a checked table or staging relation waits for the verdict on it."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        read = {dep.asset_key for dep in spec.deps}
        names = {key.path[-1] for key in read}
        verdicts = [
            verdict_key(t) for t in CHECKED_TABLES if checked_key(t) in read or (t.startswith("stg_") and t in names)
        ]
        return spec.merge_attributes(deps=verdicts)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The owner that the model names, else the team."""
        return list(super().get_owners(dbt_resource_props) or OWNERS)


def build_dbt_assets(manifest: Path) -> AssetsDefinition:
    """All models as one step: dbt orders them itself, and a process per model would cost seconds each."""

    @dbt_assets(manifest=manifest, dagster_dbt_translator=LayerTranslator(), name="dbt_models", pool=MARTS_POOL)
    def dbt_models(context: AssetExecutionContext, warehouse: Warehouse) -> Iterator[Any]:
        # Unit tests prove the SQL on fixed rows; they belong to the test suite, not to every build.
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        target = build_folder(warehouse.settings(), context.run.run_id)
        started = datetime.now(UTC)
        try:
            yield from dbt_of(warehouse).cli(arguments, context=context, target_path=target).stream()
        finally:  # a build that a broken E rule stopped has verdicts and changed marts, too
            keep_dbt_results(warehouse.database_url(), target, run_id=context.run.run_id, run_at=started)
            forget_cached_answers(warehouse.settings().data_dir)
            context.log.info("dashboards: %s", warm_answers(warehouse.settings()))

    return dbt_models
