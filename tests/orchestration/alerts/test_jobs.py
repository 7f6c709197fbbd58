"""The Dagster side: one round per tick, and a run that fails when somebody could not be told."""

from __future__ import annotations

import email

import psycopg
import pytest

from connectors.notices.recipients import add_recipient, note_known_to_superset
from connectors.secrets import SecretBox
from connectors.settings import Settings
from orchestration.alerts.jobs import tell_alerts
from orchestration.resources import Warehouse
from orchestration.superset_beat import schedule_path
from tests.connectors.notices.receivers import mail_server


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


@pytest.mark.parametrize(
    ("beats", "told"),
    [
        (True, {"owner@example.com", "operator@example.com", "newcomer@example.com"}),
        (False, {"owner@example.com", "operator@example.com", "newcomer@example.com", "known@example.com"}),
    ],
    ids=["beat runs", "no beat runs"],
)
def test_dagster_mails_everybody_whom_superset_does_not(
    here: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch, beats: bool, told: set[str]
) -> None:
    monkeypatch.setenv("OMNI_SUPERSET_BROKER_URL", "redis://localhost:6379/0")
    if beats:
        schedule_path(here.data_dir).parent.mkdir(parents=True)
        schedule_path(here.data_dir).touch()
    with mail_server() as server:
        monkeypatch.setenv("OMNI_SMTP_URL", server.url)
        with psycopg.connect(database_url) as connection:
            _everything_fires(connection)
            known = [
                _mailbox(here, connection, "data", "known@example.com"),
                _mailbox(here, connection, "operations", "operator@example.com"),
                _mailbox(here, connection, "shop_owner", "owner@example.com", "7"),
            ]
            note_known_to_superset(connection, known)
            _mailbox(here, connection, "data", "newcomer@example.com")
        assert tell_alerts.execute_in_process(resources={"warehouse": Warehouse()}).success
    assert {email.message_from_bytes(one)["To"] for one in server.letters} == told


def _everything_fires(connection: psycopg.Connection) -> None:
    """For data, for data and operations, for the owner of shop 7."""
    connection.execute("create table marts.mart_dead_letters as select true as is_open")
    connection.execute("create table marts.mart_source_freshness as select 'stale' as state, 'Acme' as shop_name")
    connection.execute("create table marts.fct_shipments as select 7 as shop_id, 'overdue_unshipped' as ship_status")
    connection.execute("create table marts.dim_shop as select 7 as shop_id, 'Acme' as shop_name")


def _mailbox(settings: Settings, connection: psycopg.Connection, role: str, address: str, subject: str = "") -> int:
    box = SecretBox.open(settings)
    return add_recipient(connection, box, role=role, channel="mail", target=address, secret="", subject=subject)
