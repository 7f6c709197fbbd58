"""The storm is weathered: three of its days, each with a fault of nearly every kind, end without any difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.storm.__main__ import weather
from connectors.sandbox.scenario import SIXTY_DAYS

RARE = {"timeout", "changed_total"}
"""Three days may pass without them."""


@pytest.fixture
def calm_url(postgres_server) -> Iterator[str]:
    """The undisturbed database."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


def test_three_stormy_days_lose_nothing_double_nothing_and_leave_nothing_unexplained(
    postgres_server, database_url: str, calm_url: str, tmp_path: Path
) -> None:
    settings = postgres_server.settings_for(database_url, tmp_path / "data")
    outcome = weather(
        database_url, calm_url, settings.data_dir, scenario=SIXTY_DAYS, days=3, orders_per_day=3, shops=2,
        folder=tmp_path,
    )  # fmt: skip
    assert outcome.wrong == [], str(outcome)
    assert set(outcome.untried) <= RARE, str(outcome)
    counts = outcome.figures.counts
    happened = (
        "new tokens", "retries", "dead letters", "dead letters resolved", "late orders", "forged events",
        "events repeated", "events processed",
    )  # fmt: skip
    assert [name for name in happened if not counts[name]] == []
    assert outcome.tables["orders"] > 20
    assert outcome.tables["bill_files"] > 0
