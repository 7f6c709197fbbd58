"""How dbt is called from here: where the project and its parse are, with which database.

Belongs here: paths and the command line resource. What is built, and as which assets, is told in `marts`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from dagster_dbt import DbtCliResource

from connectors.settings import PROJECT_ROOT
from orchestration.resources import Warehouse

DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
MANIFEST_VARIABLE = "OMNI_DBT_MANIFEST"
KEPT_BUILDS = 10
"""Compiled SQL and results of so many builds stay in the data folder for whoever looks for a cause."""


def manifest_path() -> Path:
    """Where the parsed project is: OMNI_DBT_MANIFEST, or dbt's own place in the project."""
    configured = os.environ.get(MANIFEST_VARIABLE)
    return Path(configured) if configured else DBT_PROJECT_DIR / "target" / "manifest.json"


def dbt_of(warehouse: Warehouse) -> DbtCliResource:
    """dbt on this warehouse."""
    # dbt learns its connection from the environment alone; an embedded server is known only by now.
    os.environ["OMNI_DATABASE_URL"] = warehouse.database_url()
    directory = os.fspath(DBT_PROJECT_DIR)
    dbt = os.fspath(Path(sys.executable).with_name("dbt"))
    return DbtCliResource(project_dir=directory, profiles_dir=directory, dbt_executable=dbt)


def build_folder(warehouse: Warehouse, run_id: str) -> Path:
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
