"""When raw data came in and calm returned, build the marts once.

Belongs here: noticing new raw data. Data newer than the start of the last build is news; the
cursor remembers only since when news has been waiting. What is worth a build is decided in `freshness`.
"""

import time

from dagster import (
    AssetKey,
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from orchestration.busy import is_busy, last_run
from orchestration.names import (
    BUILD_MARTS,
    INGEST_ORDERS,
    INGEST_PRODUCTS,
    INGEST_REPORTS,
    LOAD_FILES,
    RECOUNT_ORDERS,
    REFRESH_ORDERS,
    REFRESH_PRODUCTS,
    REPLAY_DEAD_LETTERS,
)
from orchestration.transform.freshness import Build, News, verdict

JOBS_OF_SINGLE_ORDERS = (RECOUNT_ORDERS, REPLAY_DEAD_LETTERS)
"""They land orders here and there, without a cell of shop × day to report."""
LOADING_JOBS = (INGEST_ORDERS, INGEST_PRODUCTS, INGEST_REPORTS, LOAD_FILES, *JOBS_OF_SINGLE_ORDERS)
REFRESHING_JOBS = (REFRESH_ORDERS, REFRESH_PRODUCTS)
"""So do these, but what they bring is whole in itself and somebody waits for it."""
FORGETFUL_SECONDS = 60.0
"""After a stop of this length patience begins anew: a start reads first what was missed, and one build shows it all."""


def build_marts_sensor(raw_assets: list[AssetKey]) -> SensorDefinition:
    """The sensor for these raw assets; at most one build waits or runs."""

    @sensor(
        name="marts_follow_raw",
        job_name=BUILD_MARTS,
        minimum_interval_seconds=5,
        default_status=DefaultSensorStatus.RUNNING,
    )
    def marts_follow_raw(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        """Build everything when something was stored after the last build began."""
        if is_busy(context.instance, BUILD_MARTS):
            return SkipReason("the marts are being built")
        run = last_run(context.instance, BUILD_MARTS)
        last = Build(run.started_at, run.ended_at) if run else None
        return _decide(context, _news(context.instance, raw_assets), last)

    return marts_follow_raw


def _decide(context: SensorEvaluationContext, news: News, last: Build | None) -> RunRequest | SkipReason:
    """The cursor remembers since when news have been waiting, while somebody looked."""
    now = time.time()
    looked_at = context.last_tick_completion_time or 0.0
    noticed = float(context.cursor) if context.cursor and now - looked_at < FORGETFUL_SECONDS else None
    reason = verdict(news, last, now, noticed)
    waits = reason is not None and reason != NOTHING_NEW
    context.update_cursor(str(noticed or now) if waits else "")
    return RunRequest() if reason is None else SkipReason(reason)


NOTHING_NEW = verdict(News(), None, 0.0, None)


def _news(instance: DagsterInstance, raw_assets: list[AssetKey]) -> News:
    records = instance.get_asset_records(raw_assets)
    entries = [record.asset_entry.last_materialization_record for record in records]
    loaded = [entry.timestamp for entry in entries if entry is not None]
    return News(
        loaded_at=max([*loaded, *_ends(instance, JOBS_OF_SINGLE_ORDERS)], default=None),
        refreshed_at=max(_ends(instance, REFRESHING_JOBS), default=None),
        loading=any(is_busy(instance, job_name) for job_name in LOADING_JOBS),
        refreshing=any(is_busy(instance, job_name) for job_name in REFRESHING_JOBS),
    )


def _ends(instance: DagsterInstance, jobs: tuple[str, ...]) -> list[float]:
    ends = []
    for job_name in jobs:
        done = RunsFilter(job_name=job_name, statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE])
        ends += [run.end_time for run in instance.get_run_records(done, limit=1) if run.end_time]
    return ends
