"""The only door to Great Expectations: rules in, outcomes out.

Belongs here: building an ephemeral context, running a suite as SQL on the server, reading the results.
Imported when a check runs, never with the definitions: it costs seconds and 230 MB. Nothing is sent anywhere.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from orchestration.transform.suites import Outcome, Rule, Suite

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig

SAMPLE_SIZE = 5


def validate(database_url: str, suites: Sequence[Suite]) -> dict[tuple[str, str], Outcome]:
    """Outcome of every rule by (table, rule in words)."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_postgres("raw", connection_string=_sqlalchemy_url(database_url))
    try:
        return {key: outcome for number, suite in enumerate(suites) for key, outcome in _run(source, number, suite)}
    finally:
        source.get_execution_engine().close()


def _run(source: Any, number: int, suite: Suite) -> Iterator[tuple[tuple[str, str], Outcome]]:
    asset = source.add_query_asset(name=f"{suite.table}_{number}", query=f"SELECT * FROM ({suite.query}) AS suite")
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    expectations = [_expectation(index, rule) for index, rule in enumerate(suite.rules)]
    results = batch.validate(
        gx.ExpectationSuite(name=asset.name, expectations=expectations), result_format={"result_format": "SUMMARY"}
    )
    for result in results.results:
        rule = suite.rules[result.expectation_config.meta["rule"]]
        yield (suite.table, rule.words), _outcome(result)


def _expectation(index: int, rule: Rule) -> Any:
    return getattr(gx.expectations, rule.expectation)(**rule.arguments, meta={"rule": index})


def _outcome(result: Any) -> Outcome:
    if result.exception_info.get("raised_exception"):
        raise RuntimeError(result.exception_info.get("exception_message"))
    found = result.result
    return Outcome(
        passed=bool(result.success),
        rows=int(found.get("element_count") or 0),
        broken=int(found.get("unexpected_count") or 0),
        sample=tuple(dict.fromkeys(map(str, found.get("partial_unexpected_list") or ())))[:SAMPLE_SIZE],
    )


def _sqlalchemy_url(database_url: str) -> str:
    return database_url.replace("postgresql://", "postgresql+psycopg2://", 1).replace(
        "postgres://", "postgresql+psycopg2://", 1
    )
