"""The only door to Great Expectations: rules in, outcomes and pages out.

Belongs here: building an ephemeral context, running suites as SQL on the server, reading the results, the data docs.
Imported when a check runs, never with the definitions: it costs seconds and 230 MB. Nothing is sent anywhere.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orchestration.transform.suites import Outcome, Rule, Suite

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig

SAMPLE_SIZE = 5
SAMPLE_KEY = "sample_key"
# Rows by their key, so that somebody can find them; 20 of them are plenty.
RESULT_FORMAT = {
    "result_format": "SUMMARY",
    "unexpected_index_column_names": [SAMPLE_KEY],
    "partial_unexpected_count": 20,
}


def validate(
    database_url: str, suites: Sequence[Suite], *, pages: Path | None = None
) -> dict[tuple[str, str], Outcome]:
    """Outcome of every rule by (table, rule in words); data docs of the run in the folder `pages`, if one is named."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # A temporary table per suite: its query is evaluated once, whatever the number of its rules.
    source = context.data_sources.add_postgres(
        "warehouse", connection_string=_sqlalchemy_url(database_url), create_temp_table=True
    )
    try:
        definitions = [_definition(context, source, number, suite) for number, suite in enumerate(suites)]
        found = dict(_run(context, definitions, suites))
        if pages is not None:
            _write_pages(context, pages)
        return found
    finally:
        source.get_execution_engine().close()


def _definition(context: Any, source: Any, number: int, suite: Suite) -> Any:
    name = f"{number:02} {suite.layer}.{suite.table}"
    asset = source.add_query_asset(name=name, query=f"SELECT * FROM ({suite.query}) AS suite")
    expectations = [_expectation(index, rule) for index, rule in enumerate(suite.rules)]
    expected = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    batch = asset.add_batch_definition_whole_table("all")
    return context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=expected))


def _expectation(index: int, rule: Rule) -> Any:
    # The words are what the data docs show beside each expectation.
    return getattr(gx.expectations, rule.expectation)(**rule.arguments, meta={"rule": index}, notes=rule.words)


def _run(
    context: Any, definitions: Sequence[Any], suites: Sequence[Suite]
) -> Iterator[tuple[tuple[str, str], Outcome]]:
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(name="checks", validation_definitions=list(definitions), result_format=RESULT_FORMAT)
    )
    for result in checkpoint.run().run_results.values():
        suite = suites[int(result.suite_name.split(" ")[0])]
        for one in result.results:
            rule = suite.rules[one.expectation_config.meta["rule"]]
            yield (suite.table, rule.words), _outcome(suite, rule, one)


def _outcome(suite: Suite, rule: Rule, result: Any) -> Outcome:
    if _raised(result.exception_info):
        raise RuntimeError(f"{suite.check_name(rule)} could not be evaluated: {result.exception_info}")
    found = result.result
    keys = [str(one[SAMPLE_KEY]) for one in found.get("partial_unexpected_index_list") or ()]
    return Outcome(
        passed=bool(result.success),
        rows=int(found.get("element_count") or 0),
        broken=int(found.get("unexpected_count") or 0),
        sample=tuple(dict.fromkeys(map(str, found.get("partial_unexpected_list") or ())))[:SAMPLE_SIZE],
        keys=tuple(dict.fromkeys(keys))[:SAMPLE_SIZE],
    )


def _raised(info: dict[str, Any]) -> bool:
    """One flag for the whole expectation, or one per metric that it is computed from."""
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(one, dict) and one.get("raised_exception") for one in info.values())


def _write_pages(context: Any, folder: Path) -> None:
    """The data docs of this run in the place of those of the run before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": os.fspath(folder)}
    site = {
        "class_name": "SiteBuilder",
        "store_backend": store,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "show_how_to_buttons": False,
    }
    context.add_data_docs_site(site_name="quality", site_config=site)
    context.build_data_docs(site_names=["quality"])


def _sqlalchemy_url(database_url: str) -> str:
    return database_url.replace("postgresql://", "postgresql+psycopg2://", 1).replace(
        "postgres://", "postgresql+psycopg2://", 1
    )
