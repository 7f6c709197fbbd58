"""The job that tells people, every quarter of an hour, in the light code location.

Belongs here: job and schedule. Where Superset's own alerts run (a broker is configured) it leaves their mail to
Superset, so that nobody is told twice; chat groups and reports stay with us.
"""

import os
from datetime import UTC, datetime

from dagster import DefaultScheduleStatus, Failure, OpExecutionContext, RetryPolicy, ScheduleDefinition, job, op

from orchestration.alerts.round import run_round
from orchestration.failures import explained
from orchestration.names import TELL_ALERTS
from orchestration.resources import Warehouse

BROKER = "OMNI_SUPERSET_BROKER_URL"


@op(retry_policy=RetryPolicy(max_retries=1, delay=60))
def judge_and_tell(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """Judge what is due, tell it, write reports; fail at the end with everything that went wrong."""
    with explained():
        mails = not os.environ.get(BROKER)
        done = run_round(warehouse.settings(), warehouse.database_url(), datetime.now(UTC), alerts_by_mail=mails)
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
