"""Where dbt finds what it builds: the project, its parse, a folder for each build.

Belongs here: paths, for both code locations. Which models are built, and as which assets, is told in `transform.marts`
and `fresh_marts`; how dbt starts, in `parsed_dbt`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from connectors.settings import PROJECT_ROOT, Settings

DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
DBT_COMMAND = Path(sys.executable).with_name("omni-dbt")
MANIFEST_VARIABLE = "OMNI_DBT_MANIFEST"
KEPT_BUILDS = 10
"""Compiled SQL and results of so many builds stay in the data folder for whoever looks for a cause."""


def manifest_path() -> Path:
    """Where the parsed project is: OMNI_DBT_MANIFEST, or dbt's own place in the project."""
    configured = os.environ.get(MANIFEST_VARIABLE)
    return Path(configured) if configured else DBT_PROJECT_DIR / "target" / "manifest.json"


def folder_of(settings: Settings, name: str) -> Path:
    """Where the build of this name left what it built from, if there was one."""
    return settings.data_dir.resolve() / "dbt" / name


def build_folder(settings: Settings, name: str) -> Path:
    """The folder of the build of this name, now the youngest; the oldest ones are removed."""
    folder = folder_of(settings, name)
    builds = folder.parent
    builds.mkdir(parents=True, exist_ok=True)
    for old in sorted(builds.iterdir(), key=lambda path: path.stat().st_mtime)[: -KEPT_BUILDS + 1]:
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    os.utime(folder)
    return folder
