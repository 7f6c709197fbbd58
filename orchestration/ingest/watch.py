"""What is watched between the runs: checks on the loader's own tables, evaluated together in one cheap step.

Belongs here: the step and its job. Each verdict lives with what it judges. A check that fails here stops nothing; it
is shown, and alerts may follow it.
"""

from collections.abc import Iterator
from datetime import timedelta

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetSelection,
    AssetSpec,
    define_asset_job,
    multi_asset_check,
)

from orchestration.failures import explained
from orchestration.ingest.dead_letters import LETTERS_KEY, letters_are_young, verdict_on_age
from orchestration.ingest.silence import TASKS_KEY, reads_are_not_silent, verdict_on_silence
from orchestration.ingest.token_expiry import tokens_last, verdict_on_tokens
from orchestration.names import WATCH_COMPLETENESS
from orchestration.raw_tables import OWNERS
from orchestration.resources import Warehouse

SPECS = [letters_are_young, reads_are_not_silent, tokens_last]
WATCHED = [
    AssetSpec(
        LETTERS_KEY,
        description="Records that could not be stored, with reason and payload, until they are replayed.",
        group_name="ops",
        owners=OWNERS,
        kinds={"postgres"},
    ),
    AssetSpec(
        TASKS_KEY,
        description="One row per shop, stream and run: what was read, how it ended, what is odd about it.",
        group_name="ops",
        owners=OWNERS,
        kinds={"postgres"},
    ),
]
watch_completeness = define_asset_job(
    WATCH_COMPLETENESS,
    selection=AssetSelection.checks(*(spec.key for spec in SPECS)),
    description="Is anything set aside for too long, is a shop suspiciously silent, does a token end soon?",
)


def build_watching_checks() -> AssetChecksDefinition:
    """All checks of this location that are not part of a reading run."""

    @multi_asset_check(name="watch", specs=SPECS)
    def watch(context: AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[AssetCheckResult]:
        url, settings = warehouse.database_url(), warehouse.settings()
        with explained():
            verdicts = [
                verdict_on_age(url, older_than=timedelta(hours=settings.dead_letter_hours)),
                verdict_on_silence(url),
                verdict_on_tokens(url),
            ]
        for verdict in verdicts:
            if not verdict.passed:
                context.log.warning("%s: %s", verdict.check_name, verdict.description)
            yield verdict

    return watch
