"""The stage on which everybody plays: one Postgres, one sandbox gateway with one big shop, both of this run only.

Belongs here: starting and stopping. OMNI_DATABASE_URL names another server; its raw_temu tables are emptied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from pydantic import SecretStr

from benchmarks.ground import own_gateway, own_ground
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import NewShop, ShopCredentials, add_shop


@dataclass(frozen=True)
class Stage:
    """Where things are: the database, the data folder, the gateway, the span (epoch seconds) that holds the orders."""

    database_url: str
    folder: Path
    gateway: str
    window: tuple[int, int]
    shop: dict[str, object]

    def empty(self) -> None:
        """Start from nothing: tables, watermarks, and the server's dirty pages."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("truncate raw_temu.orders, raw_temu.order_versions, ops.watermarks, ops.sync_tasks")
            for schema in ("dlt_bench_rest", "dlt_bench_rest_staging", "dlt_bench_arrow"):
                connection.execute(f"drop schema if exists {schema} cascade")
            connection.execute("checkpoint")

    def as_arguments(self) -> str:
        """Everything a player needs, for its command line."""
        return json.dumps(
            {
                "database_url": self.database_url,
                "folder": str(self.folder),
                "gateway": self.gateway,
                "window": self.window,
                "shop": self.shop,
            }
        )


@contextmanager
def open_stage(lines: int, latency_ms: float) -> Iterator[Stage]:
    """A fresh stage; everything it started is stopped and removed at the end."""
    options = ("--load-lines", lines, "--latency-ms", latency_ms)
    with own_ground(configured_server=True) as ground, own_gateway(ground.folder, *options) as gateway:
        [shop] = httpx.get(f"{gateway}/sandbox/shops").json()
        clock = httpx.get(f"{gateway}/sandbox/clock").json()
        _register(ground.url, ground.settings, shop)
        yield Stage(ground.url, ground.folder, shop["gateway_url"], tuple(clock["load_window"]), shop)


def _register(url: str, settings: Settings, row: dict[str, str]) -> None:
    sealed = ShopCredentials(SecretStr(row["app_secret"]), SecretStr(row["access_token"]))
    shop = NewShop(
        temu_shop_id=int(row["temu_shop_id"]),
        shop_name=row["shop_name"],
        region=row["region"],
        gateway=row["gateway"],
        gateway_url=row["gateway_url"],
        app_key=row["app_key"],
        credentials=sealed,
        environment="sandbox",
    )
    with psycopg.connect(url) as connection:
        add_shop(connection, SecretBox.open(settings), shop)
        connection.execute(
            "insert into ops.app_quota (app_key, calls_per_second) values (%s, 1000000) on conflict do nothing",
            [row["app_key"]],
        )
