"""When raw data came in and calm returned, build the marts once.

Belongs here: noticing new raw data. Data newer than the start of the last build is news; the
cursor remembers only since when news has been waiting.
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

from orchestration.busy import is_busy
from orchestration.names import (
    BUILD_MARTS,
    INGEST_ORDERS,
    INGEST_PRODUCTS,
    LOAD_FILES,
    RECOUNT_ORDERS,
    REFRESH_ORDERS,
    REPLAY_DEAD_LETTERS,
)

JOBS_OF_SINGLE_ORDERS = (RECOUNT_ORDERS, REFRESH_ORDERS, REPLAY_DEAD_LETTERS)
"""They land orders here and there, without a cell of shop × day to report."""
READING_JOBS = (INGEST_ORDERS, INGEST_PRODUCTS, LOAD_FILES, *JOBS_OF_SINGLE_ORDERS)
CALM_SECONDS = 20.0
"""Jobs of one load follow each other within seconds; one build after the last of them is enough."""
PATIENCE_SECONDS = 900.0
"""A long backfill does not keep the marts stale for longer than this."""


def build_marts_sensor(raw_assets: list[AssetKey]) -> SensorDefinition:
    """The sensor for these raw assets; at most one build waits or runs."""

    @sensor(
        name="marts_follow_raw",
        job_name=BUILD_MARTS,
        minimum_interval_seconds=20,
        default_status=DefaultSensorStatus.RUNNING,
    )
    def marts_follow_raw(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        """Build when something was stored after the last build began."""
        instance = context.instance
        if is_busy(instance, BUILD_MARTS):
            return SkipReason("the marts are being built")
        built, stored = _last_start(instance), _newest_data(instance, raw_assets)
        if stored is None or (built is not None and stored <= built):
            context.update_cursor("")
            return SkipReason("no raw data since the last build")
        now = time.time()
        noticed = float(context.cursor or now)
        restless = _reading(instance) or now - stored < CALM_SECONDS
        if restless and now - noticed < PATIENCE_SECONDS:
            context.update_cursor(str(noticed))
            return SkipReason("raw data is still coming in")
        context.update_cursor("")
        return RunRequest()

    return marts_follow_raw


def _newest_data(instance: DagsterInstance, raw_assets: list[AssetKey]) -> float | None:
    """When raw data was last reported (seconds since 1970), by a materialisation or by a job of single orders."""
    records = instance.get_asset_records(raw_assets)
    entries = [record.asset_entry.last_materialization_record for record in records]
    times = [entry.timestamp for entry in entries if entry is not None]
    for job_name in JOBS_OF_SINGLE_ORDERS:
        done = RunsFilter(job_name=job_name, statuses=[DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE])
        times += [run.end_time for run in instance.get_run_records(done, limit=1) if run.end_time]
    return max(times, default=None)


def _last_start(instance: DagsterInstance) -> float | None:
    """When the last build began; one that failed counts, since only new data could change its outcome."""
    last = next(iter(instance.get_run_records(RunsFilter(job_name=BUILD_MARTS), limit=1)), None)
    return None if last is None else last.start_time or last.create_timestamp.timestamp()


def _reading(instance: DagsterInstance) -> bool:
    return any(is_busy(instance, job_name) for job_name in READING_JOBS)
