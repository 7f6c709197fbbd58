"""From outcomes of Great Expectations and dbt to rows of `ops.check_results`, and the mart that shows them.

Belongs here: who owns a check, what a result of each tool means. Which rules there are, and where, is told by
`dbt_project/quality_rules.yml`; storing rows is the business of `connectors.postgres.check_results`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from connectors.postgres.check_results import CheckResult, keep_check_results
from orchestration.raw_tables import OWNERS
from orchestration.transform.catalogue import owner_of
from orchestration.transform.suites import SUITES, E, Outcome

RESULTS_MODELS = ("int_check_results__typed", "mart_dq_results")
"""What is filled again with the verdicts of the very build that built it, in this order."""
SAMPLE_SIZE = 5
STATUSES: Mapping[str, Any] = {"pass": "passed", "fail": "failed", "warn": "failed", "error": "error"}


def keep_outcomes(
    database_url: str, outcomes: Mapping[tuple[str, str], Outcome], *, run_id: str, run_at: datetime
) -> None:
    """Store the outcomes of all suites."""
    results = [
        CheckResult(
            check_name=suite.check_name(rule),
            layer=suite.layer,
            entity=suite.table,
            severity="E" if rule.severity is E else "W",
            status="passed" if outcomes[suite.table, rule.words].passed else "failed",
            failed_rows=outcomes[suite.table, rule.words].broken,
            sample_keys=outcomes[suite.table, rule.words].keys,
            owner=owner_of(suite.check_name(rule)) or _team(),
        )
        for suite in SUITES
        for rule in suite.rules
    ]
    with psycopg.connect(database_url) as connection:
        keep_check_results(connection, results, run_id=run_id, run_at=run_at)


def keep_dbt_results(database_url: str, target: Path, *, run_id: str, run_at: datetime) -> None:
    """Store the verdicts of the tests of a dbt build from its folder, then show them in the mart.

    A build that ended before its first test leaves no results: nothing happens.
    """
    if not (target / "run_results.json").is_file() or not (target / "manifest.json").is_file():
        return
    results = _results_in(target)
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    with psycopg.connect(database_url) as connection:
        verdicts = list(_verdicts(connection, results, nodes))
        keep_check_results(connection, verdicts, run_id=run_id, run_at=run_at)
        fill_again(connection, target, RESULTS_MODELS)


def _results_in(target: Path) -> list[dict[str, Any]]:
    return list(json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"])


def _verdicts(
    connection: psycopg.Connection, results: Sequence[Mapping[str, Any]], nodes: Mapping[str, Any]
) -> Iterator[CheckResult]:
    for result in results:
        node = nodes.get(result["unique_id"], {})
        if node.get("resource_type") != "test":
            continue
        status = STATUSES.get(result["status"], "skipped")
        tested = nodes.get(node.get("attached_node") or "", {})
        yield CheckResult(
            check_name=node["name"],
            layer=_layer(tested or node),
            entity=tested.get("name") or next((one.split(".")[-1] for one in node["depends_on"]["nodes"]), "marts"),
            severity="E" if str(node["config"]["severity"]).lower() == "error" else "W",
            status=status,
            failed_rows=result.get("failures"),
            sample_keys=_samples(connection, result["compiled_code"]) if status == "failed" else (),
            owner=owner_of(node["name"]) or tested.get("config", {}).get("meta", {}).get("owner") or _team(),
        )


def _layer(node: Mapping[str, Any]) -> str:
    return next((part for part in node["fqn"][1:] if part in ("staging", "intermediate", "marts")), "marts")


def _samples(connection: psycopg.Connection, query: str) -> list[str]:
    """Some rows of a failed test, each as one line; the test's own SQL is asked again."""
    wrapped = sql.SQL("select row_to_json(broken)::text from ({}\n) as broken limit {}")
    rows = connection.execute(wrapped.format(sql.SQL(query), SAMPLE_SIZE)).fetchall()
    return [text for (text,) in rows]


def fill_again(connection: psycopg.Connection, target: Path, models: Sequence[str]) -> None:
    """Fill tables of a build again by its own SQL, now that more is known; nothing happens where it left no results."""
    if not (target / "run_results.json").is_file():
        return
    results = _results_in(target)
    compiled = {one["unique_id"].split(".")[-1]: one for one in results if one["unique_id"].startswith("model.")}
    for name in models:
        model = compiled.get(name)
        if model is None or model["status"] != "success":
            return
        relation = sql.SQL(model["relation_name"])
        connection.execute(sql.SQL("delete from {}").format(relation))
        connection.execute(sql.SQL("insert into {} ({}\n)").format(relation, sql.SQL(model["compiled_code"])))


def _team() -> str:
    return OWNERS[0].removeprefix("team:")
