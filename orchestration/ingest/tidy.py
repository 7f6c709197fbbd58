"""Job `tidy_up`: records of old runs are forgotten, so that tables which everybody reads stay small.

Belongs here: when and how it is told. Which rows go is `connectors.postgres.retention`.
"""

from datetime import UTC, datetime

import psycopg
from dagster import AssetObservation, OpExecutionContext, job, op

from connectors.postgres.retention import forget_tasks
from orchestration.failures import explained
from orchestration.ingest.silence import TASKS_KEY
from orchestration.names import TIDY_UP
from orchestration.resources import Warehouse


@op
def forget_old_tasks(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """Remove what ended more than OMNI_TASK_DAYS ago."""
    with explained(), psycopg.connect(warehouse.database_url()) as connection:
        gone = forget_tasks(connection, datetime.now(UTC) - warehouse.settings().task_memory)
    told = f"{gone} of old runs forgotten"
    context.log.info(told)
    context.log_event(AssetObservation(TASKS_KEY, description=told))


@job(name=TIDY_UP, description="Records of runs older than OMNI_TASK_DAYS are forgotten; totals and data stay.")
def tidy_up() -> None:
    """Nightly housekeeping."""
    forget_old_tasks()
