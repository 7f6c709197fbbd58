"""Dead letters in Dagster: the job that replays them, and the alarm when one stays open for too long.

Belongs here: configuration, events, the verdict. Replaying is `connectors.sync.replay`.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetObservation,
    Config,
    MetadataValue,
    OpExecutionContext,
    TableRecord,
    job,
    op,
)
from pydantic import Field

from connectors.postgres.dead_letters import OpenLetters, count_open_letters
from connectors.sync import ReplayReport, replay
from orchestration.failures import explained, failure_from_many, may_pass
from orchestration.names import ORDERS_POOL, REPLAY_DEAD_LETTERS
from orchestration.raw_tables import ops_key
from orchestration.resources import Warehouse

LETTERS_KEY = ops_key("dead_letters")
YOUNG = "none_is_old"
letters_are_young = AssetCheckSpec(
    YOUNG, asset=LETTERS_KEY, description="No record has been set aside for longer than OMNI_DEAD_LETTER_HOURS."
)


class ReplayConfig(Config):
    """Which letters; nothing chosen = all open ones."""

    ids: list[int] = Field(default_factory=list, description="Ids of letters, from `omni dead-letters list`.")
    shops: list[str] = Field(default_factory=list, description="Shop names or mall ids.")
    streams: list[str] = Field(default_factory=list, description="Names of streams.")
    dry_run: bool = Field(default=False, description="Say what would become of them, change nothing.")


@op(pool=ORDERS_POOL)
def replay_open_letters(context: OpExecutionContext, config: ReplayConfig, warehouse: Warehouse) -> None:
    """Read the chosen letters once more; what is refused again stays open and is named."""
    with explained():
        report = replay(
            warehouse.database_url(),
            settings=warehouse.settings(),
            run_id=context.run_id,
            ids=config.ids or None,
            shops=config.shops or None,
            streams=config.streams or None,
            dry_run=config.dry_run,
            on_event=lambda event: context.log.info("%s", event),
        )
    _tell(context, report)


def _tell(context: OpExecutionContext, report: ReplayReport) -> None:
    fates = {f"letters_{fate.replace(' ', '_')}": n for fate, n in Counter(one.fate for one in report.letters).items()}
    context.log_event(AssetObservation(LETTERS_KEY, description="replayed", metadata=fates))
    failures = {failure.shop_name: failure for failure in report.failures}
    if failures:
        raise failure_from_many(
            "The letters were replayed; of some shops what belongs to them could not be read.",
            {name: str(failure.error) for name, failure in failures.items()},
            repeat=any(may_pass(failure.error) for failure in failures.values()),
        )


@job(name=REPLAY_DEAD_LETTERS, description="Dead letters read once more, such as after a release that mends a model.")
def replay_dead_letters() -> None:
    """One pass over the chosen letters."""
    replay_open_letters()


def verdict_on_age(url: str, *, older_than: timedelta, now: datetime | None = None) -> AssetCheckResult:
    """Whether an open letter is older than allowed; the table counts the open ones by shop, stream and reason."""
    now = now or datetime.now(UTC)
    with psycopg.connect(url) as connection:
        groups = count_open_letters(connection, kept_before=now - older_than)
    old = sum(one.old for one in groups)
    told = f"{sum(one.letters for one in groups)} open, {old} of them older than {older_than}"
    return AssetCheckResult(
        asset_key=LETTERS_KEY,
        check_name=YOUNG,
        passed=not old,
        severity=AssetCheckSeverity.WARN,
        description=f"{told} → `omni dead-letters list`, mend, then `omni dead-letters replay`" if old else told,
        metadata={"open": MetadataValue.table([_row(one, now) for one in groups])} if groups else {},
    )


def _row(one: OpenLetters, now: datetime) -> TableRecord:
    return TableRecord(
        {
            "shop": one.shop,
            "stream": one.stream,
            "reason": one.reason_code,
            "field": one.field_path,
            "letters": one.letters,
            "oldest_hours": round((now - one.oldest_at).total_seconds() / 3600, 1),
        }
    )
