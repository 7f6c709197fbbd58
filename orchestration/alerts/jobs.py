"""The job that tells people, every quarter of an hour, in the light code location.

Belongs here: job and schedule. Where Superset's own alerts run (its beat is alive) the mailboxes that it was given are
left to it, so that nobody is told twice; chat groups, roles that may not see everything and reports stay with us.
"""

from datetime import UTC, datetime

from dagster import DefaultScheduleStatus, Failure, OpExecutionContext, RetryPolicy, ScheduleDefinition, job, op

from orchestration.alerts.round import run_round
from orchestration.failures import explained
from orchestration.names import TELL_ALERTS
from orchestration.resources import Warehouse
from orchestration.superset_beat import beats


@op(retry_policy=RetryPolicy(max_retries=1, delay=60))
def judge_and_tell(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """Judge what is due, tell it, write reports; fail at the end with everything that went wrong."""
    settings = warehouse.settings()
    with explained():
        superset_mails = beats(settings.data_dir)
        done = run_round(settings, warehouse.database_url(), datetime.now(UTC), superset_mails=superset_mails)
    if done.left_to_another:
        context.log.info("another round is at work; it does what is due")
    states = [f"{one.alert.key} {one.recipient}: {one.state} {one.value or one.message}" for one in done.verdicts]
    context.log.info("%s alerts judged, %s messages sent\n%s", len(states), done.told, "\n".join(states))
    for path in done.reports:
        context.log.info("report %s", path)
    if done.problems:
        raise Failure("; ".join(done.problems), allow_retries=False)


@job(name=TELL_ALERTS, description="Alerts and scheduled reports of superset/assets/alerts.yaml.")
def tell_alerts() -> None:
    """One round."""
    judge_and_tell()


def alert_schedule() -> ScheduleDefinition:
    """Every quarter of an hour."""
    return ScheduleDefinition(
        name="tell_alerts_quarter_hourly",
        job=tell_alerts,
        cron_schedule="*/15 * * * *",
        execution_timezone="Asia/Shanghai",
        default_status=DefaultScheduleStatus.RUNNING,
    )
