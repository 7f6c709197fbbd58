"""The few marts that people look at right after an event: its lines and its day, built by the run that read its orders.

Belongs here: which marts, and calling dbt for them. Without checks: the whole build judges them soon after. A whole
build that is at work is waited for while dbt writes, and only then (`parsed_dbt`).
Does not belong here: reading the orders (`ingest.jobs`), all other marts (`transform.marts`).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import psycopg
from dagster import AssetKey

from connectors.errors import ConfigurationError
from orchestration.cached_answers import forget_cached_answers
from orchestration.dbt_builds import DBT_COMMAND, DBT_PROJECT_DIR, build_folder, manifest_path
from orchestration.resources import Warehouse

FRESH_MARTS = ("fct_order_lines_costed", "mart_gmv_daily")
KINDS_LEFT_OUT = ("test", "unit_test", "seed")
SHOWING_BY_ITSELF = "path:models/staging,config.materialized:view"
"""Views of staging show today's rows without being built; what staging keeps unpacked is built."""


def build_fresh_marts(warehouse: Warehouse) -> list[AssetKey]:
    """Build the fresh marts and what they are made of; the relations that were built.

    Nothing where no whole build has made the marts yet: the first one has everything.

    Raises:
        ConfigurationError: dbt failed; the message carries its own words.
    """
    url, settings = warehouse.database_url(), warehouse.settings()
    if not (manifest_path().is_file() and _stand(url)):
        return []
    target = build_folder(settings, "fresh")
    environment = os.environ | {"OMNI_DATABASE_URL": url}
    result = subprocess.run(_command(target), env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ConfigurationError(
            f"dbt could not build {' and '.join(FRESH_MARTS)}:\n{result.stdout[-2000:]}{result.stderr[-2000:]}",
            remedy="the orders are stored; the next whole build brings them, or tells the cause in the same words",
        )
    forget_cached_answers(settings.data_dir)
    return _built(target)


def _stand(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        found = [connection.execute("select to_regclass(%s)", [f"marts.{mart}"]).fetchone() for mart in FRESH_MARTS]
    return all(row and row[0] for row in found)


def _command(target: Path) -> list[str]:
    selection = ["--select", *(f"+{mart}" for mart in FRESH_MARTS), "--exclude", SHOWING_BY_ITSELF]
    selection += [part for kind in KINDS_LEFT_OUT for part in ("--exclude-resource-type", kind)]
    project, folder = os.fspath(DBT_PROJECT_DIR), os.fspath(target)
    places = ["--project-dir", project, "--profiles-dir", project, "--target-path", folder]
    return [os.fspath(DBT_COMMAND), "--log-path", folder, "build", *selection, *places]


def _built(target: Path) -> list[AssetKey]:
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    relations = [one["relation_name"].replace('"', "").split(".")[-2:] for one in results if one.get("relation_name")]
    return [AssetKey(relation) for relation in relations]
