"""What these tests share: a gateway of invented shops, a database that knows them, an instance of Dagster."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from dagster import DagsterInstance
from pydantic import SecretStr

from connectors.secrets import SecretBox
from connectors.settings import PROJECT_ROOT, Settings
from connectors.shops import NewShop, ShopCredentials, add_shop, list_shops
from orchestration.names import SHOPS_PARTITIONS
from tests.dbt_places import dbt_places
from tests.orchestration.registered import Registered

CALLS_PER_SECOND = 1000
PLAIN = ("temu_shop_id", "shop_name", "region", "gateway", "gateway_url", "app_key")


@pytest.fixture(scope="session")
def gateway_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small world of a few days, served for the whole session."""
    folder = tmp_path_factory.mktemp("gateway")
    command = [sys.executable, "-m", "connectors.sandbox", "serve", "--data-dir", str(folder), "--days", "6"]
    command += ["--orders-per-day", "3", "--quota", str(CALLS_PER_SECOND)]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
        process.terminate()


@pytest.fixture
def registered(gateway_url: str, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Registered:
    """The gateway's shops, registered; the environment names this database and a data folder of this test's own."""
    box = SecretBox.open(settings)
    offers = httpx.get(f"{gateway_url}/sandbox/shops", timeout=30).raise_for_status().json()
    with psycopg.connect(database_url) as conn:
        for offer in offers:
            secrets = ShopCredentials(SecretStr(offer["app_secret"]), SecretStr(offer["access_token"]))
            add_shop(conn, box, NewShop(**{name: offer[name] for name in PLAIN}, credentials=secrets))
            conn.execute(
                "insert into ops.app_quota (app_key, calls_per_second) values (%s, %s)"
                " on conflict (app_key) do update set calls_per_second = excluded.calls_per_second",
                [offer["app_key"], CALLS_PER_SECOND],
            )
        shops = list_shops(conn)
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OMNI_HISTORY_DAYS", "6")
    return Registered(database_url, settings, shops)


@pytest.fixture
def instance(registered: Registered) -> Iterator[DagsterInstance]:
    """A Dagster in memory that knows the registered shops."""
    with DagsterInstance.ephemeral() as dagster:
        dagster.add_dynamic_partitions(SHOPS_PARTITIONS, registered.names)
        yield dagster


@pytest.fixture
def inbox(settings: Settings) -> Path:
    """The webhook inbox of this test."""
    settings.webhook_inbox.mkdir(parents=True)
    return settings.webhook_inbox


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of the dbt project; parsing needs no database."""
    folder = tmp_path_factory.mktemp("parsed")
    environment = os.environ | {"OMNI_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    command = [Path(sys.executable).with_name("dbt"), "parse", *dbt_places(folder)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return folder / "manifest.json"
