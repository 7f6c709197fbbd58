"""The Dagster side: one round per tick, and a run that fails when somebody could not be told."""

from __future__ import annotations

import psycopg
import pytest

from connectors.notices.recipients import add_recipient
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.alerts.jobs import BROKER, tell_alerts
from orchestration.resources import Warehouse


@pytest.fixture
def here(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    return settings


def test_a_round_judges_every_alert_of_the_file_even_before_any_mart_exists(here: Settings, database_url: str) -> None:
    result = tell_alerts.execute_in_process(resources={"warehouse": Warehouse()})
    assert result.success
    with psycopg.connect(database_url) as connection:
        states = dict(connection.execute("select state, count(*) from ops.alert_states group by 1").fetchall())
    assert set(states) == {"skipped"}
    assert states["skipped"] > 10


def test_a_message_that_nobody_took_fails_the_run_with_its_name(here: Settings, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table marts.mart_dead_letters as select true as is_open")
        box = SecretBox.open(here)
        target = "http://127.0.0.1:9/"
        add_recipient(connection, box, role="data", channel="webhook", target=target, secret="", subject="")
    result = tell_alerts.execute_in_process(resources={"warehouse": Warehouse()}, raise_on_error=False)
    assert not result.success
    [failure] = [one for one in result.all_events if one.is_step_failure]
    assert "dead-letters to data by webhook" in str(failure.event_specific_data.user_failure_data.description)


def test_where_superset_mails_alerts_dagster_leaves_the_mail_to_it(
    here: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BROKER, "redis://localhost:6379/0")
    with psycopg.connect(database_url) as connection:
        connection.execute("create table marts.mart_dead_letters as select true as is_open")
        box = SecretBox.open(here)
        add_recipient(connection, box, role="data", channel="mail", target="a@example.com", secret="", subject="")
    assert tell_alerts.execute_in_process(resources={"warehouse": Warehouse()}).success
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from ops.alert_deliveries").fetchone() == (0,)
        state = connection.execute(
            "select state, told_at from ops.alert_states where alert = 'dead-letters'"
        ).fetchone()
    assert state == ("firing", None)
