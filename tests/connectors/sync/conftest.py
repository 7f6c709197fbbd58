"""A sandbox gateway in a thread, its clock stopped: what it says changes only when a test says so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
import structlog
from pydantic import SecretStr

from connectors.sandbox.sandbox import Options, Sandbox
from connectors.sandbox.server import serving_in_thread
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shop_gateways import ShopGateway, add_gateway
from connectors.shops import NewShop, Shop, ShopCredentials, add_shop
from connectors.sync import SyncFailure, SyncReport, sync_shops

NOW = 1_780_000_123
"""Where the gateway's clock stands: some instant in May 2026 (UTC)."""


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@dataclass
class Gateway:
    """A running sandbox and its commands."""

    url: str
    sandbox: Sandbox

    def shops(self) -> list[dict[str, object]]:
        """Every shop with its credentials."""
        return httpx.get(f"{self.url}/sandbox/shops").json()

    def faults(self, *rules: dict[str, object]) -> None:
        """Put these rules in force; none = no trouble."""
        self.sandbox.faults.replace(rules)

    def advance(self, **spans: float) -> None:
        """Let time pass: days, hours, seconds."""
        seconds = spans.get("days", 0) * 86_400 + spans.get("hours", 0) * 3600 + spans.get("seconds", 0)
        self.sandbox.advance(seconds)


@pytest.fixture
def world() -> dict[str, float]:
    """How large the gateway's world is: days of history, orders per shop and day. A module may have its own."""
    return {"days": 4, "orders_per_day": 5}


@pytest.fixture
def gateway(tmp_path: Path, world: dict[str, float]) -> Iterator[Gateway]:
    """A small world: four shops, a few days, a few orders a day, no quota."""
    options = Options(tmp_path / "sandbox", now=NOW, quota=0, **world)
    sandbox = Sandbox(options, real=lambda: float(NOW))
    with serving_in_thread(sandbox) as url:
        yield Gateway(url, sandbox)


@dataclass
class Desk:
    """An operator's desk: registered shops, and one sync after another on them."""

    url: str
    settings: Settings
    shops: list[Shop]
    drop: Callable[[], None]
    """Gives the database back before the test ends."""
    events: list[SyncReport | SyncFailure] = field(default_factory=list)
    runs: int = 0

    def sync(self, **choice: object) -> list[SyncReport | SyncFailure]:
        """One run; `shops`, `streams` and `window` narrow it."""
        self.runs += 1
        asked = {"shops": None, "streams": None, "window": None, **choice}
        return sync_shops(
            self.url, settings=self.settings, run_id=f"run-{self.runs}", on_event=self.events.append, **asked
        )

    def query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of a query."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement, values or None).fetchall()

    def execute(self, statement: str, *values: object) -> None:
        """Change something behind the connector's back."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement, values or None)

    def contents(self) -> dict[str, object]:
        """Everything that landed, without what says only when and by whom."""
        tables: dict[str, object] = {}
        with psycopg.connect(self.url) as connection:
            for table in TABLES:
                columns = f"to_jsonb(t) - 'loaded_at' - 'run_id' - {READ_TIMES.get(table, 'array[]::text[]')}"
                tables[table] = connection.execute(f"select {columns} from raw_temu.{table} t order by 1").fetchall()
        return tables


TABLES = (
    "orders", "order_versions", "order_amounts", "order_details", "products", "product_snapshots", "activities",
    "activity_goods", "after_sales", "after_sales_details", "after_sales_lines", "return_parcels", "cancellations",
    "shipments", "tracking_events", "unshipped_packages", "carriers", "warehouses", "supplier_prices", "sku_stocks",
    "goods", "price_orders", "activity_candidates", "ad_details", "ad_reports", "ad_goods_reports", "bill_files",
)  # fmt: skip
READ_TIMES = dict.fromkeys(
    (
        "products", "product_snapshots", "activities", "activity_goods", "cancellations", "tracking_events",
        "unshipped_packages", "carriers", "warehouses", "supplier_prices", "sku_stocks", "goods", "price_orders",
        "activity_candidates", "ad_details", "ad_reports", "ad_goods_reports", "bill_files",
    ),
    "array['source_updated_at']",
)  # fmt: skip
"""Tables of sources without update times: theirs is the instant of the read, to the second."""


@pytest.fixture
def open_desk(postgres_server, gateway: Gateway, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks with a database of their own; `change` may spoil a shop before it is registered."""
    made: list[str] = []

    def make(*, only: int | None = None, change: Callable[[dict[str, object]], None] | None = None) -> Desk:
        url = postgres_server.create_database()
        made.append(url)
        settings = Settings(
            _env_file=None, data_dir=tmp_path / f"data{len(made)}", database_url=SecretStr(url), settle_seconds=0,
            retry_seconds=0.001,
        )  # fmt: skip
        rows = gateway.shops()[:only]
        for row in rows:
            if change:
                change(row)
        return Desk(url, settings, register(url, settings, rows), lambda: postgres_server.drop_database(url))

    yield make
    for url in made:
        postgres_server.drop_database(url)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A desk with all shops of the gateway."""
    return open_desk()


def register(url: str, settings: Settings, rows: list[dict[str, object]]) -> list[Shop]:
    """Enter the sandbox's shops, with a quota that does not slow tests."""
    with psycopg.connect(url) as connection:
        box = SecretBox.open(settings)
        shops = [add_shop(connection, box, _new_shop(row)) for row in rows]
        for shop in shops:
            connection.execute(
                "insert into ops.app_quota (app_key, calls_per_second) values (%s, 100000) on conflict do nothing",
                [shop.app_key],
            )
    return shops


def open_second_gateways(desk: Desk, gateway: Gateway) -> None:
    """Enter the further gateways of those shops that the sandbox gives some."""
    with psycopg.connect(desk.url) as connection:
        for shop, row in zip(desk.shops, gateway.shops(), strict=True):
            for one in row["partner"]:
                secrets = ShopCredentials(SecretStr(one["app_secret"]), SecretStr(one["access_token"]))
                further = ShopGateway(
                    gateway=one["gateway"],
                    gateway_url=one["gateway_url"],
                    app_key=one["app_key"],
                    credentials=secrets,
                )
                add_gateway(connection, SecretBox.open(desk.settings), shop, further)
                connection.execute("insert into ops.app_quota values (%s, 100000)", [further.app_key])


def _new_shop(row: dict[str, object]) -> NewShop:
    names = ("temu_shop_id", "shop_name", "region", "gateway", "gateway_url", "app_key")
    sealed = ShopCredentials(SecretStr(row["app_secret"]), SecretStr(row["access_token"]))
    return NewShop(**{name: row[name] for name in names}, credentials=sealed, environment="sandbox")
