"""The clock table: all cron lines of this location, in UTC.

Belongs here: when. One run per tick reads all shops; a tick is skipped while its predecessor waits or works, because
the next one reads everything since the watermark anyway.
"""

from datetime import timedelta

from dagster import DefaultScheduleStatus, RunRequest, ScheduleEvaluationContext, SkipReason, schedule

from connectors.postgres.lanes import Lane
from orchestration.busy import is_busy
from orchestration.ingest.jobs import (
    ingest_orders,
    ingest_products,
    ingest_reports,
    recount_orders,
    refresh_due_orders,
)
from orchestration.ingest.partitions import cell_key
from orchestration.ingest.tidy import tidy_up
from orchestration.ingest.watch import watch_completeness
from orchestration.names import LANE_TAG, LIVE, MODE_TAG, RANGE_END_TAG, RANGE_START_TAG, SHOPS_PARTITIONS, WINDOW

LIVE_TAGS = {MODE_TAG: LIVE, "dagster/priority": "1"}
"""Fresh data goes before waiting backfills."""


@schedule(
    job=ingest_orders,
    cron_schedule="*/30 * * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="News of orders and after-sales of all shops.",
)
def ingest_orders_every_30_minutes(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """One live run for all shops."""
    return _live_tick(context, ingest_orders.name)


@schedule(
    job=ingest_products,
    cron_schedule="10 * * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Catalogue, prices, stock and activities of all shops, read whole.",
)
def ingest_products_hourly(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """One run for all shops, ten past, so that it does not meet the orders' tick."""
    return _live_tick(context, ingest_products.name)


@schedule(
    job=ingest_orders,
    cron_schedule="40 1 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Yesterday (UTC) read whole once more, because the platform's clock and ours differ.",
)
def reread_yesterday_nightly(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """One window run for yesterday's cell of every shop; the watermark stays where it is."""
    shops = context.instance.get_dynamic_partitions(SHOPS_PARTITIONS)
    if not shops:
        return _no_shops()
    yesterday = (context.scheduled_execution_time - timedelta(days=1)).date()
    cells = {RANGE_START_TAG: cell_key(yesterday, shops[0]), RANGE_END_TAG: cell_key(yesterday, shops[-1])}
    return RunRequest(run_key=yesterday.isoformat(), tags={MODE_TAG: WINDOW, LANE_TAG: Lane.RECONCILE, **cells})


@schedule(
    job=recount_orders,
    cron_schedule="15 3 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="The last closed days (Asia/Shanghai) counted by the platform, after yesterday was read once more.",
)
def recount_closed_days_nightly(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """One counting run for all shops; what is missing is found and landed."""
    if not context.instance.get_dynamic_partitions(SHOPS_PARTITIONS):
        return _no_shops()
    return RunRequest(run_key=context.scheduled_execution_time.date().isoformat())


@schedule(
    job=watch_completeness,
    cron_schedule="20 * * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Checks on what was set aside.",
)
def watch_completeness_hourly(_context: ScheduleEvaluationContext) -> RunRequest:
    """One cheap run; it asks the database only."""
    return RunRequest()


@schedule(
    job=tidy_up,
    cron_schedule="50 4 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Records of old runs are forgotten.",
)
def tidy_up_nightly(_context: ScheduleEvaluationContext) -> RunRequest:
    """One cheap run; it asks the database only."""
    return RunRequest()


@schedule(
    job=ingest_reports,
    cron_schedule="25 9 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Ads, statement files and what else moves once a day, after midnight in America.",
)
def ingest_reports_daily(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """One live run for all shops, when every shop's local yesterday is over."""
    return _live_tick(context, ingest_reports.name)


@schedule(
    job=refresh_due_orders,
    cron_schedule="5-59/10 * * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Orders whose deadline to ship or to deliver is near.",
)
def watch_deadlines_every_10_minutes(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
    """One visit for all shops, between the ticks of the orders."""
    if not context.instance.get_dynamic_partitions(SHOPS_PARTITIONS):
        return _no_shops()
    if is_busy(context.instance, refresh_due_orders.name):
        return SkipReason("the visit before is not finished")
    return RunRequest(tags={"dagster/priority": "1"})


def _live_tick(context: ScheduleEvaluationContext, job_name: str) -> RunRequest | SkipReason:
    if not context.instance.get_dynamic_partitions(SHOPS_PARTITIONS):
        return _no_shops()
    if is_busy(context.instance, job_name, tags={MODE_TAG: LIVE}):
        return SkipReason(f"{job_name} of an earlier tick is not finished")
    return RunRequest(tags=LIVE_TAGS)


def _no_shops() -> SkipReason:
    return SkipReason("no active shop: register one with `omni shops add`")


SCHEDULES = [
    ingest_orders_every_30_minutes,
    ingest_products_hourly,
    ingest_reports_daily,
    reread_yesterday_nightly,
    recount_closed_days_nightly,
    watch_completeness_hourly,
    tidy_up_nightly,
    watch_deadlines_every_10_minutes,
]
