"""Staging views before the models that read them, so that their rows can be checked first.

Belongs here: finding out whether the views are those of this version, and building them if not. Views show today's
rows by themselves: in an ordinary build there is nothing to do.
"""

from __future__ import annotations

import json

import psycopg

from orchestration.dbt_builds import build_folder, manifest_path
from orchestration.resources import Warehouse
from orchestration.transform.dbt import dbt_of
from orchestration.transform.suites import STAGING

_COLUMNS = """
    select table_name, array_agg(column_name::text order by ordinal_position)
    from information_schema.columns where table_schema = %s group by table_name
"""


def ensure_staging(warehouse: Warehouse) -> None:
    """Build the staging layer if a relation of it is missing or has other columns than its contract.

    Nothing is done without a manifest: the job that would build says how to get one.
    """
    if manifest_path().is_file() and _is_outdated(warehouse.database_url()):
        arguments = ["build", "--select", STAGING, "--exclude-resource-type", "test", "unit_test"]
        dbt_of(warehouse).cli(arguments, target_path=build_folder(warehouse.settings(), STAGING)).wait()


def _is_outdated(database_url: str) -> bool:
    nodes = json.loads(manifest_path().read_text(encoding="utf-8"))["nodes"].values()
    staged = [n for n in nodes if n["schema"] == STAGING and n["config"]["materialized"] == "view"]
    wanted = {node["name"]: set(node["columns"]) for node in staged}
    with psycopg.connect(database_url) as connection:
        found = {name: set(columns) for name, columns in connection.execute(_COLUMNS, [STAGING]).fetchall()}
    return any(columns != found.get(name) for name, columns in wanted.items())
