"""Verdicts of data-quality checks, every one of every run: `ops.check_results`.

Belongs here: writing them, and forgetting the old ones. Who checks what is the business of `orchestration.transform`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.types.json import Jsonb

PASSED_KEPT, FAILED_KEPT = "14 days", "180 days"
"""How long verdicts are remembered: a failed one far longer, because people ask since when."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found in one run. `severity` E blocks what is built from the entity, W is shown."""

    check_name: str
    layer: str
    entity: str
    severity: Literal["E", "W"]
    status: Literal["passed", "failed", "error", "skipped"]
    failed_rows: int | None
    sample_keys: Sequence[str]
    owner: str


def keep_check_results(
    connection: psycopg.Connection, results: Sequence[CheckResult], *, run_id: str, run_at: datetime
) -> None:
    """Store the verdicts of a run in the caller's transaction; repeating it replaces them."""
    statement = """
        insert into ops.check_results
            (run_id, run_at, check_name, layer, entity, severity, status, failed_rows, sample_keys, owner)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (run_id, check_name) do update set run_at = excluded.run_at, status = excluded.status,
            failed_rows = excluded.failed_rows, sample_keys = excluded.sample_keys
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                (run_id, run_at, r.check_name, r.layer, r.entity, r.severity, r.status, r.failed_rows,
                 Jsonb(list(r.sample_keys)), r.owner)
                for r in results
            ],
        )  # fmt: skip
        cursor.execute(
            f"delete from ops.check_results where run_at < now() - interval '{PASSED_KEPT}' and status = 'passed'"
            f" or run_at < now() - interval '{FAILED_KEPT}'"
        )
