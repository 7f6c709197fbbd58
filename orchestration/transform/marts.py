"""Assets for every dbt model, and dbt's tests as their checks, from a manifest that was parsed beforehand.

Belongs here: keys, groups and owners of models, and calling `dbt build`. SQL and tests live in `dbt_project`.
Sources keep dbt's default keys, which equal those of the light location, so one lineage leads from endpoint to mart.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from connectors.settings import PROJECT_ROOT
from orchestration.names import MARTS_POOL
from orchestration.raw_tables import OWNERS, temu_key
from orchestration.resources import Warehouse
from orchestration.transform.checks import CHECKED_TABLES, verdict_key

DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
MANIFEST_VARIABLE = "OMNI_DBT_MANIFEST"
KEPT_BUILDS = 10
"""Compiled SQL and results of so many builds stay in the data folder for whoever looks for a cause."""


def manifest_path() -> Path:
    """Where the parsed project is: OMNI_DBT_MANIFEST, or dbt's own place in the project."""
    configured = os.environ.get(MANIFEST_VARIABLE)
    return Path(configured) if configured else DBT_PROJECT_DIR / "target" / "manifest.json"


class LayerTranslator(DagsterDbtTranslator):
    """Layers of the project are the groups of the catalogue."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """staging, intermediate or marts, after the folder of the model."""
        layers = [part for part in dbt_resource_props["fqn"][1:] if part in ("staging", "intermediate", "marts")]
        return layers[0] if layers else super().get_group_name(dbt_resource_props)

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        """A model that reads a checked raw table waits for the verdict on it."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        read = {dep.asset_key for dep in spec.deps}
        verdicts = [verdict_key(table) for table in CHECKED_TABLES if temu_key(table) in read]
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
        target = _build_folder(warehouse, context.run.run_id)
        yield from _dbt(warehouse).cli(arguments, context=context, target_path=target).stream()

    return dbt_models


def _dbt(warehouse: Warehouse) -> DbtCliResource:
    # dbt learns its connection from the environment alone; an embedded server is known only by now.
    os.environ["OMNI_DATABASE_URL"] = warehouse.database_url()
    directory = os.fspath(DBT_PROJECT_DIR)
    dbt = os.fspath(Path(sys.executable).with_name("dbt"))
    return DbtCliResource(project_dir=directory, profiles_dir=directory, dbt_executable=dbt)


def _build_folder(warehouse: Warehouse, run_id: str) -> Path:
    """A fresh folder for this build, seeded with dbt's parse of the project; the oldest ones are removed."""
    builds = warehouse.settings().data_dir / "dbt"
    builds.mkdir(parents=True, exist_ok=True)
    for old in sorted(builds.iterdir(), key=lambda path: path.stat().st_mtime)[: -KEPT_BUILDS + 1]:
        shutil.rmtree(old, ignore_errors=True)
    folder = builds / run_id
    folder.mkdir(exist_ok=True)
    parsed = manifest_path().with_name("partial_parse.msgpack")
    if parsed.exists():
        shutil.copy2(parsed, folder)
    return folder
