"""`omni tidy`: forgetting the records of old runs, as the nightly job does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import psycopg
import typer

from connectors.postgres.retention import forget_tasks, old_tasks
from connectors.settings import Settings
from orchestration.cli.console import say
from orchestration.cli.db import migrated_database


def tidy(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would go; remove nothing.")] = False,
) -> None:
    """Forget tasks and log lines of runs that ended more than OMNI_TASK_DAYS ago. Landed data and totals stay.

    The last success of each shop, stream and kind of reading is kept, whatever its age. Repeating is harmless.

    Examples: `omni tidy --dry-run` · `omni tidy`
    """
    settings = Settings()
    with psycopg.connect(migrated_database(settings)) as connection:
        gone = (old_tasks if dry_run else forget_tasks)(connection, datetime.now(UTC) - settings.task_memory)
    would = "would be forgotten" if dry_run else "forgotten"
    say(f"{gone} older than {settings.task_memory.days} days {would}")
