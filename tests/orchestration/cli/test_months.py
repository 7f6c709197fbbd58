"""`omni months close` as an operator types it."""

from __future__ import annotations

import psycopg
import pytest
from typer.testing import CliRunner

from connectors.settings import Settings
from orchestration.cli.app import app

PUBLISHED = """
    create table marts.snap_order_lines as
    select 1::bigint as shop_id, date '2026-05-03' as order_date, 10.5::numeric as gmv_cny,
        9::numeric as net_revenue_cny, 2::numeric as profit_cny, null::timestamp as dbt_valid_to,
        date '2026-06-20' as published_as_of
"""


@pytest.fixture
def url(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database in which May was published, with one line, and the environment that names it."""
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    with psycopg.connect(database_url) as connection:
        connection.execute(PUBLISHED)
    return database_url


def close(*words: str) -> str:
    result = CliRunner().invoke(app, ["months", "close", *words], env={"COLUMNS": "220"})
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def closed(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("select count(*) from ops.month_closings").fetchall()[0][0]


def test_a_month_is_shown_then_closed_then_closed_already(url: str) -> None:
    assert "2026-05 would be closed with: " in close("2026-05", "--dry-run")
    assert closed(url) == 0
    assert "2026-05 is closed: " in close("2026-05")
    assert closed(url) == 1
    told = close("2026-05")
    assert "2026-05 is closed already: " in told
    assert "10.50" in told


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_a_month_without_published_lines_has_nothing_to_close_and_stays_open(url: str, words: list[str]) -> None:
    told = close("2026-04", *words)
    assert "nothing to close" in told
    assert "is closed" not in told
    assert closed(url) == 0
