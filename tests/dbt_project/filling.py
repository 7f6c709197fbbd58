"""Staging filled by hand with a world of rows, in column types of the contract or worse."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
import yaml
from psycopg import sql

from tests.dbt_places import PROJECT
from tests.dbt_project.scenario_references import Rows
from tests.dbt_project.scenarios import TYPES


def contract(pattern: str) -> dict[str, dict[str, str]]:
    """Column types by model, as its YAML says."""
    files = sorted((PROJECT / "models").glob(pattern))
    models = [model for file in files for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])]
    return {m["name"]: {c["name"]: c["data_type"] for c in m["columns"]} for m in models}


def fill_staging(url: str, world: Mapping[str, Rows]) -> None:
    """Create `staging.<model>` for each relation of the world and copy its rows into it."""
    staged = contract("staging/**/_*.yml")
    for model, rows in world.items():
        _fill(url, model, staged[model] | TYPES.get(model, {}), rows)


def _fill(url: str, model: str, types: dict[str, str], rows: Rows) -> None:
    table, names = sql.Identifier("staging", model), sql.SQL(", ").join(map(sql.Identifier, types))
    columns = sql.SQL(", ").join(sql.SQL("{} " + kind).format(sql.Identifier(name)) for name, kind in types.items())
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("create schema if not exists staging")
        cursor.execute(sql.SQL("create table {} ({})").format(table, columns))
        with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(table, names)) as copy:
            for row in rows:
                copy.write_row([row.get(name) for name in types])
