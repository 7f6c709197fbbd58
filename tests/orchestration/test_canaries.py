"""Secrets stay where they were put: planted ones appear in no log, exception, run, table, answer or output.

Every secret of an installation is a canary here: shops' secrets and tokens (right and wrong ones), a replaced app
secret, the sealing key, passwords of database, mail server and proxy, keys of the API. Then everything that talks is
made to talk, at debug level, in success and in failure, and all of it is searched.
"""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import stamina
import structlog
from cryptography.fernet import Fernet
from dagster import DagsterInstance
from psycopg import sql
from pydantic import SecretStr
from starlette.testclient import TestClient
from typer.testing import CliRunner

from connectors.api_keys import create_key
from connectors.logs import configure_process_logs
from connectors.notices.recipients import add_recipient
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import change_shop
from connectors.sync import sync_shops
from orchestration.api.app import build_app
from orchestration.cli.app import app
from orchestration.ingest import jobs
from orchestration.ingest.definitions import build_defs
from orchestration.names import LIVE, MODE_TAG, NAMED_ORDERS_STEP, REFRESH_ORDERS, SHOPS_PARTITIONS
from tests.orchestration.registered import Registered

KEY = Fernet.generate_key().decode()
FORMER, WRONG_SECRET, WRONG_TOKEN = "canary-former-1f0a", "canary-secret-2f0a", "canary-token-3f0a"
TYPED, POSTED, BOT, CODE = "canary-typed-4f0a", "canary-posted-5f0a", "canary-bot-6f0a", "canary-code-9f0a"
MAIL_PASSWORD, PROXY_PASSWORD = "canary-mail-7f0a", "canary-proxy-8f0a"
SCHEMAS = ("ops", "raw_temu", "raw_files", "dagster")


@dataclass
class House:
    """An installation whose secrets are canaries, and everything that it said so far."""

    registered: Registered
    settings: Settings
    canaries: dict[str, str]
    log_lines: io.StringIO
    said: dict[str, str] = field(default_factory=dict)

    def hear(self, where: str, *what: object) -> None:
        """Remember what was said."""
        self.said[where] = self.said.get(where, "") + "\n".join(map(str, what))

    def told(self) -> list[str]:
        """Which canary was seen where: in clear, or as the hexadecimal digits of a column that should be sealed."""
        self.hear("log lines", self.log_lines.getvalue())
        return [
            f"{name} in {where}"
            for where, text in self.said.items()
            for name, canary in self.canaries.items()
            if canary in text or canary.encode().hex() in text
        ]


@pytest.fixture
def house(registered: Registered, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Every shop has a former secret; the environment is that of an operator who set everything that may be set."""
    environment = {
        "OMNI_SECRET_KEYS": KEY,
        "OMNI_SMTP_URL": f"smtp://omni:{MAIL_PASSWORD}@127.0.0.1:9",
        "OMNI_LOG_LEVEL": "debug",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    box, settings = SecretBox(SecretStr(KEY)), Settings(_env_file=None)
    canaries = _sealed_anew(registered, SecretBox.open(registered.settings), box)
    canaries |= {"sealing key": KEY, "former secret": FORMER, "wrong secret": WRONG_SECRET, "wrong token": WRONG_TOKEN}
    canaries |= {"typed": TYPED, "posted": POSTED, "bot": BOT, "mail": MAIL_PASSWORD, "proxy": PROXY_PASSWORD}
    canaries |= {"code": CODE, "database": urlsplit(registered.url).password or KEY}
    lines = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", lines)
        configure_process_logs("debug")
    logging.getLogger().setLevel(logging.DEBUG)
    yield House(registered, settings, canaries, lines)
    logging.getLogger().setLevel(logging.WARNING)
    structlog.reset_defaults()


def _sealed_anew(registered: Registered, before: SecretBox, box: SecretBox) -> dict[str, str]:
    """The shops' own secrets under the new key, after one that is replaced; the names and texts of the present ones."""
    found = {}
    with psycopg.connect(registered.url) as conn:
        for shop in registered.shops:
            query = "select app_secret, access_token from ops.shop_credentials where shop_id = %s"
            row = conn.execute(query, [shop.id]).fetchone()
            assert row is not None
            secret, token = (before.decrypt(value) for value in row)
            conn.execute("update ops.shop_credentials set app_secret = %s, access_token = %s where shop_id = %s",
                         [box.encrypt(FORMER), box.encrypt("x"), shop.id])  # fmt: skip
            change_shop(conn, box, str(shop.temu_shop_id), {"app_secret": secret, "access_token": token})
            found |= {f"secret of {shop.shop_name}": secret.get_secret_value()}
            found |= {f"token of {shop.shop_name}": token.get_secret_value()}
        add_recipient(conn, box, role="data", channel="feishu", target=f"https://bot/{BOT}", secret=BOT, subject="")
    return found


@pytest.fixture
def dagster(registered: Registered, tmp_path: Path) -> Iterator[DagsterInstance]:
    """A Dagster that keeps its runs, events and captured output in files which can be searched."""
    (tmp_path / "dagster").mkdir()
    with DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        instance.add_dynamic_partitions(SHOPS_PARTITIONS, registered.names)
        yield instance


def spoil(house: House, number: int, **secret: str) -> None:
    """Give a shop a wrong secret or token, as somebody mistypes it."""
    shop = house.registered.shops[number]
    with psycopg.connect(house.registered.url) as conn:
        change = {name: SecretStr(value) for name, value in secret.items()}
        change_shop(conn, SecretBox.open(house.settings), str(shop.temu_shop_id), change)


def sync(house: House, settings: Settings, where: str) -> int:
    """One reading of the light streams; what it reports and raises is heard. Returns the number of failures."""
    results = sync_shops(
        house.registered.url, settings=settings, shops=None, streams=["orders", "carriers"], window=None, run_id=where,
        on_event=lambda event: house.hear(where, event, repr(event)),
    )  # fmt: skip
    errors = [error for one in results if (error := getattr(one, "error", None))]
    for error in errors:
        house.hear(where, repr(error), *traceback.format_exception(error))
    return len(errors)


def hear_tables(house: House) -> None:
    """Every row of every table that the loader or Dagster writes, as text."""
    with psycopg.connect(house.registered.url) as conn:
        query = "select schemaname, tablename from pg_tables where schemaname = any(%s)"
        for schema, table in conn.execute(query, [list(SCHEMAS)]).fetchall():
            name = sql.Identifier(schema, table)
            rows = conn.execute(sql.SQL("select t::text from {} t").format(name)).fetchall()
            house.hear(f"{schema}.{table}", *(row for (row,) in rows))


def hear_folder(house: House, where: str, folder: Path) -> None:
    """Every file below a folder, whatever its format."""
    for path in folder.rglob("*"):
        if path.is_file():
            house.hear(f"{where}/{path.name}", path.read_bytes().decode("latin-1"))


def test_readings_that_succeed_and_that_fail_tell_no_secret(house: House, caplog, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    assert sync(house, house.settings, "good reading") == 0
    spoil(house, 0, access_token=WRONG_TOKEN)
    assert sync(house, house.settings, "wrong token") > 0
    spoil(house, 1, app_secret=WRONG_SECRET)
    assert sync(house, house.settings, "wrong secret") > 0
    proxy = SecretStr(f"http://omni:{PROXY_PASSWORD}@127.0.0.1:9")
    behind = house.settings.model_copy(update=dict.fromkeys(("proxy_us", "proxy_eu", "proxy_global"), proxy))
    with stamina.set_testing(True, attempts=2):  # nobody needs to wait for a dead proxy
        assert sync(house, behind, "dead proxy") > 0
    house.hear("log records", *(record.getMessage() for record in caplog.records))
    house.hear("output", *capfd.readouterr())
    hear_tables(house)
    assert "bg.order.list.v2.get" in house.log_lines.getvalue(), "debug shows every call, or this proves nothing"
    assert house.said["ops.sync_tasks"]
    assert house.told() == []


def test_dagster_runs_leave_no_secret_in_config_tags_events_or_output(
    house: House, dagster: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog, capfd
) -> None:
    """One that reads what is new, and one that is told by its configuration which orders to read again."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(jobs, "build_fresh_marts", lambda _warehouse: [])
    spoil(house, 0, access_token=WRONG_TOKEN)
    named = [{"mall_id": shop.temu_shop_id, "number": "PO-211-1"} for shop in house.registered.shops[:2]]
    config = {"ops": {NAMED_ORDERS_STEP: {"config": {"named": named}}}}
    spoilt = house.registered.shops[0]
    for name, configuration, called in (
        ("ingest_products", {}, spoilt.shop_name),
        (REFRESH_ORDERS, config, f"shop {spoilt.temu_shop_id}: "),
    ):
        job = build_defs().resolve_job_def(name)
        result = job.execute_in_process(
            instance=dagster, run_config=configuration, tags={MODE_TAG: LIVE}, raise_on_error=False
        )
        assert not result.success
        run = dagster.get_run_by_id(result.run_id)
        assert run is not None
        house.hear(name, run.run_config, run.tags, *(event for event in dagster.all_logs(result.run_id)))
        assert called in house.said[name]
        assert run.run_config == configuration
    house.hear("log records", *(record.getMessage() for record in caplog.records))
    house.hear("output", *capfd.readouterr())
    hear_folder(house, "dagster", tmp_path / "dagster")
    hear_tables(house)
    assert any(result.run_id in text for where, text in house.said.items() if where.startswith("dagster/"))
    assert house.told() == []


def test_the_api_answers_without_secrets_whatever_is_asked(house: House, caplog, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    with psycopg.connect(house.registered.url) as conn:
        key = create_key(conn, name="admin", role="admin")[1].get_secret_value()
    shop = house.registered.shops[0].temu_shop_id
    headers = {"Authorization": f"Bearer {key}"}
    house.canaries["API key"] = key
    with TestClient(build_app(house.settings, house.registered.url), raise_server_exceptions=False) as client:
        asked: list[Callable[[], Any]] = [
            lambda: client.get("/api/shops", headers=headers),
            lambda: client.patch(f"/api/shops/{shop}", headers=headers, json={"access_token": WRONG_TOKEN}),
            lambda: client.get(f"/api/shops/{shop}/check", headers=headers),
            lambda: client.post(f"/api/shops/{shop}/check", headers=headers),
            lambda: client.patch(f"/api/shops/{shop}", headers=headers, json={"app_secret": [POSTED]}),
            lambda: client.post("/api/shops", headers=headers, json={"app_secret": POSTED, "access_token": POSTED}),
            lambda: client.get("/api/shops", headers={"Authorization": f"Bearer {POSTED}"}),
            lambda: client.post("/api/webhook/temu", headers={"x-tm-signature": POSTED}, content=POSTED),
            lambda: client.get("/api/openapi.json"),
        ]
        for ask in asked:
            answer = ask()
            house.hear("answers", answer.status_code, answer.headers, answer.text)
    house.hear("log records", *(record.getMessage() for record in caplog.records))
    house.hear("output", *capfd.readouterr())
    hear_tables(house)
    assert str(shop) in house.said["answers"]
    assert house.told() == []


def test_the_command_line_shows_no_secret(house: House, tmp_path: Path, caplog, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    name = house.registered.shops[0].shop_name
    (tmp_path / "product_costs.csv").write_text("sku_code,cost_price,currency,effective_from\nA,x,CNY,2026-01-01\n")
    commands: list[tuple[list[str], str]] = [
        (["shops", "list"], ""),
        (["shops", "check", name], ""),
        (["shops", "update", name, "--new-token"], f"{WRONG_TOKEN}\n"),
        (["shops", "update", name, "--new-secret"], f"{TYPED}\n"),
        (["shops", "check", name], ""),
        (["sync", "--shop", name, "--stream", "carriers"], ""),
        (["shops", "authorise", "--shop", name], f"{CODE}\n"),
        (["secrets", "status"], ""),
        (["secrets", "rotate"], ""),
        (["alerts", "recipients", "list"], ""),
        (["import", str(tmp_path / "product_costs.csv")], ""),
        (["status"], ""),
    ]
    for words, typed in commands:
        result = CliRunner().invoke(app, ["--verbose", *words], input=typed)
        error = traceback.format_exception(result.exception) if result.exception else []
        house.hear(f"omni {' '.join(words[:2])}", result.output, *error)
    house.hear("log records", *(record.getMessage() for record in caplog.records))
    house.hear("output", *capfd.readouterr())
    hear_tables(house)
    assert name in house.said["omni shops list"]
    assert "accesstoken" in house.said["omni shops check"] + house.said["output"]
    assert house.told() == []


def test_this_search_finds_what_is_told(house: House) -> None:
    """A canary that sings is heard: in clear, and as the digits of a column that nobody sealed."""
    house.hear("log", f"signing with {WRONG_TOKEN}")
    house.registered.execute("update ops.shop_credentials set access_token = %s", FORMER.encode())
    hear_tables(house)
    assert house.told() == ["wrong token in log", "former secret in ops.shop_credentials"]
