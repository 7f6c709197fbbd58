"""A real load, a count and a real build, made once, for whoever looks into the ledger of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from dbt.cli.main import dbtRunner
from pydantic import SecretStr

from connectors.completeness.days import business_day
from connectors.completeness.ledger import Entry
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import NewShop, ShopCredentials, add_shop
from connectors.sync import SyncFailure, recount, sync_shops
from orchestration.transform.ledger_counts import read_ledger
from tests.dbt_places import dbt_places
from tests.orchestration.conftest import CALLS_PER_SECOND, PLAIN

STREAMS = ["orders", "after_sales", "order_amounts", "shipments", "order_details", "tracking_events"]
NEEDED = ["+fct_order_lines_costed", "+dq_quarantined_rows", "+view_refunds", "+mart_sync_ledger"]
TODAY = business_day(datetime.now(UTC))
FIRST, LAST = TODAY - timedelta(days=10), TODAY + timedelta(days=1)


@dataclass(frozen=True)
class Built:
    """A database that was loaded, counted and built, and the settings to open its shops with."""

    url: str
    settings: Settings
    build: Path

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def ledger(self) -> list[Entry]:
        return read_ledger(self.url, first=FIRST, last=LAST)

    def line(self, stream: str, shop_id: int, day: object) -> Entry:
        return next(one for one in self.ledger() if (one.stream, one.shop_id, one.day) == (stream, shop_id, day))


@pytest.fixture(scope="package")
def loaded(postgres_server, gateway_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The gateway's shops, the second as a rehearsal shop; everything read, counted and built once."""
    folder = tmp_path_factory.mktemp("ledger")
    url = postgres_server.create_database()
    settings = postgres_server.settings_for(url, folder / "data", history_days=6)
    yield load_and_build(url, settings, gateway_url, folder, STREAMS)
    postgres_server.drop_database(url)


def load_and_build(url: str, settings: Settings, gateway_url: str, folder: Path, streams: list[str]) -> Built:
    """Register a gateway's shops, read the streams, count some days and build, all of it once."""
    _register(url, settings, httpx.get(f"{gateway_url}/sandbox/shops", timeout=30).raise_for_status().json())
    outcomes = sync_shops(
        url, settings=settings, shops=None, streams=streams, window=None, run_id="load", on_event=lambda _event: None
    )
    assert [one for one in outcomes if isinstance(one, SyncFailure)] == []
    first, last = TODAY - timedelta(days=3), TODAY - timedelta(days=1)
    recount(url, settings=settings, shops=None, first=first, last=last, run_id="count")
    # As if it had been loaded an hour ago: what comes after the build is told by its time.
    with psycopg.connect(url) as connection:
        for table in streams:
            connection.execute(f"update raw_temu.{table} set loaded_at = now() - interval '1 hour'")
    _dbt_build(url, folder)
    return Built(url, settings, _target(folder))


def _register(url: str, settings: Settings, offers: list[dict[str, object]]) -> None:
    box = SecretBox.open(settings)
    with psycopg.connect(url) as connection:
        for number, offer in enumerate(offers):
            sealed = ShopCredentials(SecretStr(offer["app_secret"]), SecretStr(offer["access_token"]))
            environment = "sandbox" if number == 1 else "production"
            plain = {name: offer[name] for name in PLAIN}
            add_shop(connection, box, NewShop(**plain, credentials=sealed, environment=environment))
            connection.execute(
                "insert into ops.app_quota (app_key, calls_per_second) values (%s, %s) on conflict do nothing",
                [offer["app_key"], CALLS_PER_SECOND],
            )


def _name_of(url: str) -> str:
    return url.split("?")[0].rpartition("/")[2]


def _target(folder: Path) -> Path:
    return next((folder / "dbt").rglob("run_results.json")).parent


def _dbt_build(url: str, folder: Path) -> None:
    os.environ["OMNI_DATABASE_URL"], before = url, os.environ.get("OMNI_DATABASE_URL")
    try:
        kinds = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
        outcome = dbtRunner().invoke(["build", "--select", *NEEDED, *kinds, *dbt_places(folder / "dbt")])
        assert outcome.success, outcome.exception or outcome.result
    finally:
        os.environ.pop("OMNI_DATABASE_URL")
        if before is not None:
            os.environ["OMNI_DATABASE_URL"] = before


@pytest.fixture
def built(postgres_server, loaded: Built, tmp_path: Path) -> Iterator[Built]:
    """A copy of the loaded database for one test."""
    url = postgres_server.create_database(template=_name_of(loaded.url))
    results = (loaded.build / "run_results.json").read_text()  # its SQL names the database
    (tmp_path / "run_results.json").write_text(results.replace(_name_of(loaded.url), _name_of(url)))
    yield Built(url, postgres_server.settings_for(url, tmp_path / "data", history_days=6), tmp_path)
    postgres_server.drop_database(url)


@pytest.fixture
def an_order(built: Built) -> tuple[str, int, object]:
    """Number, shop and day of an order that the platform counted."""
    [(sn, shop, day)] = built.execute(
        "select parent_order_sn, o.shop_id, c.day from raw_temu.orders o join ops.platform_counts c"
        " on (c.stream, c.shop_id) = ('orders', o.shop_id)"
        " and c.day = (o.order_time at time zone 'Asia/Shanghai')::date"
        " join ops.shops s on s.id = o.shop_id where s.environment = 'production' and o.status > 3"
        " and exists (select from raw_temu.order_amounts a where a.parent_order_sn = o.parent_order_sn)"
        " order by 1 limit 1"
    )
    return str(sn), int(str(shop)), day
