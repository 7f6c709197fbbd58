"""Verdicts of a dbt build are read from its folder: kept with rows that broke the rule, shown by the mart at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.transform.results import keep_dbt_results

NOW = datetime.now(UTC)  # older verdicts are forgotten
COPY_OF_VERDICTS = "select check_name, status from ops.check_results"


def node(name: str, severity: str) -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": "test",
        "fqn": ["temu_omni", "identities", name],
        "config": {"severity": severity},
        "attached_node": "model.temu_omni.fct",
        "depends_on": {"nodes": ["model.temu_omni.fct"]},
    }


@pytest.fixture
def build(tmp_path: Path, database_url: str) -> Path:
    """A folder as dbt leaves it: two tests, and the two models that show verdicts, built before them."""
    with psycopg.connect(database_url) as connection:
        for model in ("int_check_results__typed", "mart_dq_results"):
            connection.execute(f"create table marts.{model} (check_name text, status text)")
    model = {"name": "fct", "resource_type": "model", "fqn": ["temu_omni", "marts", "sales", "fct"]}
    nodes = {
        "model.temu_omni.fct": model | {"config": {"meta": {"owner": "finance"}}},
        "test.temu_omni.e_foots": node("e_foots", "ERROR"),
        "test.temu_omni.w_usual": node("w_usual", "warn"),
    }
    broken = "select 7 as shop_id, 'PO-1' as parent_key"
    results = [
        {"unique_id": "test.temu_omni.e_foots", "status": "fail", "failures": 1, "compiled_code": broken},
        {
            "unique_id": "test.temu_omni.w_usual",
            "status": "pass",
            "failures": 0,
            "compiled_code": "select 1 where false",
        },
    ]
    for name in ("int_check_results__typed", "mart_dq_results"):
        shown = {"unique_id": f"model.temu_omni.{name}", "status": "success", "compiled_code": COPY_OF_VERDICTS}
        results.append(shown | {"relation_name": f'"marts"."{name}"', "failures": None})
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}))
    return tmp_path


def test_verdicts_are_kept_with_severity_owner_and_rows_that_broke_the_rule(build: Path, database_url: str) -> None:
    keep_dbt_results(database_url, build, run_id="r", run_at=NOW)
    query = "select check_name, layer, entity, severity, status, failed_rows, sample_keys, owner from ops.check_results"
    with psycopg.connect(database_url) as connection:
        kept = {row[0]: row[1:] for row in connection.execute(query).fetchall()}
    assert kept == {
        "e_foots": ("marts", "fct", "E", "failed", 1, ['{"shop_id":7,"parent_key":"PO-1"}'], "finance"),
        "w_usual": ("marts", "fct", "W", "passed", 0, [], "finance"),
    }


def test_the_mart_shows_the_verdicts_of_the_build_that_built_it(build: Path, database_url: str) -> None:
    keep_dbt_results(database_url, build, run_id="r", run_at=NOW)
    with psycopg.connect(database_url) as connection:
        shown = dict(connection.execute("select check_name, status from marts.mart_dq_results").fetchall())
    assert shown == {"e_foots": "failed", "w_usual": "passed"}


def test_a_build_that_ended_before_its_first_test_has_no_verdicts(tmp_path: Path, database_url: str) -> None:
    keep_dbt_results(database_url, tmp_path, run_id="r", run_at=NOW)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from ops.check_results").fetchone() == (0,)
