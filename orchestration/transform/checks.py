"""Verdicts on raw and staged rows: assets `quality/*`, each with its asset checks, all evaluated in one step.

Belongs here: how suites become checks. A broken E rule stops the build of the marts in the same run; a broken W
rule is shown; both are kept in `ops.check_results`. The rules themselves are `suites`, their evaluation is
`expectations`.
The checks hang on assets of this location, between raw table and models, and not on `raw_temu/*` themselves: the
backfill daemon would ask the light location to run checks that only this one defines, and every backfill would fail.
Nor does a verdict on staged rows hang on the staging model: staging is views, which show today's rows before the
build, and dbt builds all layers in one step, which no check can stand in the middle of.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)

from orchestration.failures import TRANSIENT_RETRIES, explained
from orchestration.names import CHECKS_POOL
from orchestration.raw_tables import OWNERS
from orchestration.resources import Warehouse
from orchestration.transform.staging import ensure_staging
from orchestration.transform.suites import SUITES, E, Outcome, Rule, Suite, W

CHECK_NAME = {E: "can_be_trusted", W: "looks_usual"}
LAYER_OF_TABLE = {suite.table: suite.layer for suite in SUITES}
CHECKED_TABLES = tuple(LAYER_OF_TABLE)


def verdict_key(table: str) -> AssetKey:
    """Asset key of the verdict on a table or staging relation; models that read it depend on the verdict."""
    return AssetKey(["quality", table])


def checked_key(table: str) -> AssetKey:
    """Asset key of what the verdict is about."""
    return AssetKey([LAYER_OF_TABLE[table], table])


def build_raw_checks() -> AssetsDefinition:
    """One step for all suites, so that Great Expectations is loaded once."""

    @multi_asset(
        name="raw_checks",
        specs=[_asset(table) for table in CHECKED_TABLES],
        check_specs=[_check(table, severity) for table in CHECKED_TABLES for severity in _severities(table)],
        retry_policy=TRANSIENT_RETRIES,
        pool=CHECKS_POOL,
    )
    def raw_checks(context: AssetExecutionContext, warehouse: Warehouse) -> Iterator[MaterializeResult[None]]:
        from orchestration.transform.expectations import validate
        from orchestration.transform.results import keep_outcomes

        pages = warehouse.settings().data_dir / "quality"
        with explained():
            url = warehouse.database_url()
            ensure_staging(warehouse)
            started = datetime.now(UTC)
            outcomes = validate(url, SUITES, pages=pages)
            keep_outcomes(url, outcomes, run_id=context.run.run_id, run_at=started)
        where = {"data docs": MetadataValue.path((pages / "index.html").as_posix())}
        for table in CHECKED_TABLES:
            results = [_result(table, severity, outcomes) for severity in _severities(table)]
            for result in results:
                if not result.passed:
                    context.log.warning("%s.%s: %s", LAYER_OF_TABLE[table], table, result.description)
            yield MaterializeResult(asset_key=verdict_key(table), check_results=results, metadata=where)

    return raw_checks


def _asset(table: str) -> AssetSpec:
    layer = LAYER_OF_TABLE[table]
    return AssetSpec(
        verdict_key(table),
        deps=[checked_key(table)] if layer.startswith("raw_") else [],
        description=f"Whether {layer}.{table} may be built upon: Great Expectations suites as checks.",
        group_name="quality",
        owners=OWNERS,
        kinds={"greatexpectations", "postgres"},
    )


def _check(table: str, severity: AssetCheckSeverity) -> AssetCheckSpec:
    return AssetCheckSpec(
        CHECK_NAME[severity],
        asset=verdict_key(table),
        blocking=severity is E,
        description="; ".join(rule.words for _, rule in rules_of(table, severity)) + ".",
        metadata={"severity": "E" if severity is E else "W"},
    )


def rules_of(table: str, severity: AssetCheckSeverity) -> list[tuple[Suite, Rule]]:
    """All rules of one check, each with the suite whose rows it looks at."""
    return [
        (suite, rule) for suite in SUITES for rule in suite.rules if (suite.table, rule.severity) == (table, severity)
    ]


def _severities(table: str) -> list[AssetCheckSeverity]:
    return [severity for severity in (E, W) if rules_of(table, severity)]


def _result(table: str, severity: AssetCheckSeverity, outcomes: Mapping[tuple[str, str], Outcome]) -> AssetCheckResult:
    mine = {rule.words: outcomes[table, rule.words] for _, rule in rules_of(table, severity)}
    broken = [f"{words}: {outcome}" for words, outcome in mine.items() if not outcome.passed]
    return AssetCheckResult(
        asset_key=verdict_key(table),
        check_name=CHECK_NAME[severity],
        passed=not broken,
        severity=severity,
        description="Broken: " + "; ".join(broken) if broken else f"{len(mine)} rules hold.",
        metadata={words: str(outcome) for words, outcome in mine.items()},
    )
