"""Asset checks on the raw tables: one per table and severity, all evaluated in one step.

Belongs here: how suites become checks. A broken E rule stops the build of the marts in the same run; a broken W
rule is shown. The rules themselves are `suites`, their evaluation is `expectations`.
"""

from collections.abc import Iterator, Mapping

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    multi_asset_check,
)

from orchestration.failures import TRANSIENT_RETRIES, explained
from orchestration.resources import Warehouse
from orchestration.transform.suites import SUITES, E, Outcome, Rule, Suite, W

CHECK_NAME = {E: "can_be_trusted", W: "looks_usual"}


def check_specs() -> list[AssetCheckSpec]:
    """One check per table and severity; the E check stops the build in its run."""
    pairs = {(suite.table, rule.severity) for suite in SUITES for rule in suite.rules}
    return [_spec(table, severity) for table, severity in sorted(pairs, key=lambda pair: (pair[0], pair[1].value))]


def _spec(table: str, severity: AssetCheckSeverity) -> AssetCheckSpec:
    return AssetCheckSpec(
        CHECK_NAME[severity],
        asset=AssetKey(["raw_temu", table]),
        blocking=severity is E,
        description="; ".join(rule.words for _, rule in rules_of(table, severity)) + ".",
        metadata={"severity": "E" if severity is E else "W"},
    )


def rules_of(table: str, severity: AssetCheckSeverity) -> list[tuple[Suite, Rule]]:
    """All rules of one check, each with the suite whose rows it looks at."""
    return [
        (suite, rule) for suite in SUITES for rule in suite.rules if (suite.table, rule.severity) == (table, severity)
    ]


def build_raw_checks() -> AssetChecksDefinition:
    """One step for all suites, so that Great Expectations is loaded once."""

    @multi_asset_check(
        name="raw_checks", specs=check_specs(), can_subset=True, retry_policy=TRANSIENT_RETRIES, compute_kind="python"
    )
    def raw_checks(context: AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[AssetCheckResult]:
        from orchestration.transform.expectations import validate

        with explained():
            outcomes = validate(warehouse.database_url(), SUITES)
        for key in sorted(context.selected_asset_check_keys, key=str):
            severity = E if key.name == CHECK_NAME[E] else W
            yield _result(key.asset_key, severity, outcomes)

    return raw_checks


def _result(
    asset: AssetKey, severity: AssetCheckSeverity, outcomes: Mapping[tuple[str, str], Outcome]
) -> AssetCheckResult:
    table = asset.path[-1]
    mine = {rule.words: outcomes[table, rule.words] for _, rule in rules_of(table, severity)}
    broken = [f"{words}: {outcome}" for words, outcome in mine.items() if not outcome.passed]
    return AssetCheckResult(
        asset_key=asset,
        check_name=CHECK_NAME[severity],
        passed=not broken,
        severity=severity,
        description="Broken: " + "; ".join(broken) if broken else f"{len(mine)} rules hold.",
        metadata={words: str(outcome) for words, outcome in mine.items()},
    )
