"""The stage on which everybody plays: one Postgres, one sandbox gateway with one big shop, both of this run only.

Belongs here: starting and stopping. OMNI_DATABASE_URL names another server; its raw_temu tables are emptied.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from pydantic import SecretStr

from connectors.postgres.migrate import migrate
from connectors.postgres.server import ensure_database, stop_embedded
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
    with tempfile.TemporaryDirectory(prefix="omni-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        settings = Settings(data_dir=folder / "data")
        url = ensure_database(settings)
        migrate(url, settings)
        try:
            with _gateway(folder, lines, latency_ms) as gateway:
                [shop] = httpx.get(f"{gateway}/sandbox/shops").json()
                clock = httpx.get(f"{gateway}/sandbox/clock").json()
                _register(url, settings, shop)
                yield Stage(url, folder, shop["gateway_url"], tuple(clock["load_window"]), shop)
        finally:
            stop_embedded(settings)


@contextmanager
def _gateway(folder: Path, lines: int, latency_ms: float) -> Iterator[str]:
    options = ["--data-dir", str(folder / "sandbox"), "--load-lines", str(lines), "--latency-ms", str(latency_ms)]
    command = [sys.executable, "-m", "connectors.sandbox", "serve", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(20)


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
