"""`omni status`: what runs, how fresh each shop is, and an exit code that a monitor can trust."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import psutil
import psycopg
import pytest
from pydantic import SecretStr

from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import NewShop, ShopCredentials, add_shop
from orchestration.cli.services import Service, Supervisor, recorded
from orchestration.cli.status import NOT_WELL, show_status

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def running(settings: Settings) -> Iterator[Settings]:
    """Two services that do nothing, looked after by this process."""
    supervisor = Supervisor(settings)
    for name in ("one", "two"):
        supervisor.start(Service(name, SLEEPER, dict(os.environ)))
    yield settings
    supervisor.stop()


def register(settings: Settings, url: str) -> int:
    secrets = ShopCredentials(SecretStr("app-secret"), SecretStr("access-token"))
    shop = NewShop(temu_shop_id=7, shop_name="Acme US", region="US", gateway="US", app_key="key", credentials=secrets)
    with psycopg.connect(url) as connection:
        return add_shop(connection, SecretBox.open(settings), shop).id


def test_all_is_well_while_database_services_and_supervisor_run(running: Settings) -> None:
    assert show_status(running) == 0


def test_a_service_that_ended_is_named_and_not_well(running: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    two = psutil.Process(recorded(running).running[1].pid)
    two.send_signal(signal.SIGKILL)
    two.wait(timeout=10)
    assert show_status(running) == NOT_WELL
    assert "two" in next(line for line in capsys.readouterr().out.splitlines() if "ended" in line)


def test_nothing_running_is_not_well(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_status(settings) == NOT_WELL
    assert "omni up" in capsys.readouterr().out


def test_a_database_that_does_not_answer_is_not_well(running: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    lost = running.model_copy(update={"database_url": SecretStr("postgresql://omni:x@127.0.0.1:9/omni")})
    assert show_status(lost) == NOT_WELL
    assert "not running" in capsys.readouterr().out


def test_each_shop_tells_when_its_orders_were_read_and_how_many_records_wait(
    running: Settings, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = register(running, database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ops.task_totals select %s, stream, 'live', 'completed', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, ended"
            " from (values ('orders', timestamptz '2026-05-02 03:04+00'), ('products', now())) as t (stream, ended)",
            [shop],
        )
        connection.execute(
            "insert into ops.dead_letters (shop_id, stream, reason_code, payload, payload_hash, run_id, resolved_at)"
            " values (%(shop)s, 'orders', 'missing', '{}', '1', 'r', null),"
            " (%(shop)s, 'orders', 'missing', '{}', '2', 'r', now())",
            {"shop": shop},
        )
    show_status(running)
    [row] = [line for line in capsys.readouterr().out.splitlines() if "Acme US" in line]
    assert [cell.strip() for cell in row.strip("│ ").split("│")] == ["Acme US", "2026-05-02 03:04", "1"]


def test_a_database_without_our_tables_is_told_and_not_migrated(
    running: Settings, postgres_server, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = postgres_server.create_database(template="template1")
    try:
        show_status(running.model_copy(update={"database_url": SecretStr(bare)}))
    finally:
        postgres_server.drop_database(bare)
    assert "omni db migrate" in capsys.readouterr().out
