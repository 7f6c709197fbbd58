"""`omni tidy` as an operator types it."""

from __future__ import annotations

import psycopg
import pytest
from typer.testing import CliRunner

from connectors.settings import Settings
from orchestration.cli.app import app


def _tidy(*words: str) -> str:
    result = CliRunner().invoke(app, ["tidy", *words], env={"COLUMNS": "220"})
    assert result.exit_code == 0, result.output
    return result.output


def test_it_counts_first_and_then_forgets(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OMNI_TASK_DAYS", "60")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id, finished_at)"
            " select gen_random_uuid(), 1, 'orders', 'live', 'failed', 'r', now() - age * interval '1 day'"
            " from unnest(array[59, 61, 90]) as age"
        )
    assert "2 tasks and 0 log lines older than 60 days would be forgotten" in _tidy("--dry-run")
    assert "2 tasks and 0 log lines older than 60 days forgotten" in _tidy()
    assert "0 tasks" in _tidy()
