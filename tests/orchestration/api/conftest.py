"""The application on a test database, asked in-process; senders that sign as the platform does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from fastapi.testclient import TestClient
from pydantic import SecretStr

from connectors.api_keys import create_key
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import NewShop, ShopCredentials, add_shop
from orchestration.api.app import build_app

APP_KEY, SECRET = "app-key-1", "canary-app-secret-0001"
MALL = 634418000000001
WEBHOOK = "/api/webhook/temu"


def acme(secret: str = SECRET, **changes: Any) -> NewShop:
    """The one registered shop."""
    sealed = ShopCredentials(SecretStr(secret), SecretStr("canary-access-token"))
    fields = {"temu_shop_id": MALL, "shop_name": "Acme US", "region": "US", "gateway": "US", "app_key": APP_KEY}
    return NewShop(**(fields | changes), credentials=sealed)


def seal(message: str, secret: str = SECRET) -> str:
    """AES-128-CBC, key and vector the first 16 bytes of the secret (§16.2), written here once more on purpose."""
    key = secret.encode()[:16]
    padder = padding.PKCS7(128).padder()
    padded = padder.update(message.encode()) + padder.finalize()
    sealer = Cipher(algorithms.AES(key), modes.CBC(key)).encryptor()
    return base64.b64encode(sealer.update(padded) + sealer.finalize()).decode()


@dataclass
class Sender:
    """Sends events to the door as the platform does; `secret` and clock can be wrong on purpose."""

    client: TestClient
    secret: str = SECRET
    app_key: str = APP_KEY
    with_ext: bool = True

    def request(self, code: str, message: dict[str, Any], *, age_seconds: float = 0.0) -> dict[str, Any]:
        """Headers and body of one delivery."""
        text = json.dumps(message, separators=(",", ":"))
        stamp = str(int((time.time() - age_seconds) * 1000))
        parts = {"eventData": text, "x-tm-app-key": self.app_key, "x-tm-event-code": code, "x-tm-timestamp": stamp}
        signed = parts | ({"x-tm-ext-param": "{}"} if self.with_ext else {})
        whole = "".join(name + signed[name] for name in sorted(signed))
        signature = hmac.new(self.secret.encode(), whole.encode(), hashlib.sha256).hexdigest()
        headers = {name: value for name, value in parts.items() if name != "eventData"}
        headers |= {"x-tm-signature": signature, "x-tm-ext-param": "{}"}
        return {"headers": headers, "json": {"eventData": seal(text, self.secret)}}

    def send(self, code: str, message: dict[str, Any], **how: Any) -> Any:
        """The door's answer."""
        return self.client.post(WEBHOOK, **self.request(code, message, **how))

    def order(self, sn: str = "PO-1", status: int = 4, at: int = 1767225600, mall: int = MALL, **how: Any) -> Any:
        """An order's status change."""
        message = {"mallId": mall, "parentOrderSn": sn, "orderSn": f"{sn}-1", "orderStatus": status, "updateTime": at}
        return self.send("bg_order_status_change_event", message, **how)


@dataclass
class FakeDagster:
    """Remembers what was launched and tells what a test wants of the runs."""

    launched: list[dict[str, Any]] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def launch(self, job: str, *, config: dict[str, Any], tags: dict[str, str]) -> str:
        """Queue a run."""
        run_id = f"00000000-0000-4000-8000-{len(self.launched) + 1:012d}"
        self.launched.append({"id": run_id, "job": job, "config": config, "tags": tags})
        self.runs[run_id] = {
            "runId": run_id, "jobName": job, "status": "QUEUED", "creationTime": time.time(), "startTime": None,
            "endTime": None, "runConfig": config, "tags": tags,
        }  # fmt: skip
        return run_id

    def ask(self, _query: str, variables: dict[str, Any], **_how: Any) -> dict[str, Any]:
        """Runs that a filter of tags and statuses, or of ids, lets through; of two filters their counts."""
        if "waiting" in variables:
            statuses = [run["status"] for run in self.runs.values()]
            asked = {"pending": variables["waiting"], "running": variables["working"]}
            return {
                name: {"__typename": "Runs", "count": sum(one in wanted["statuses"] for one in statuses)}
                for name, wanted in asked.items()
            }
        wanted = variables["filter"]
        found = [run for run in self.runs.values() if run["runId"] in wanted.get("runIds", [run["runId"]])]
        found = [run for run in found if run["status"] in wanted.get("statuses", [run["status"]])]
        for tag in wanted.get("tags", []):
            found = [run for run in found if run["tags"].get(tag["key"]) == tag["value"]]
        return {"runsOrError": {"__typename": "Runs", "results": found}}


@pytest.fixture
def dagster() -> FakeDagster:
    return FakeDagster()


@pytest.fixture
def shop_url(database_url: str, settings: Settings) -> str:
    """The database with the one shop."""
    with psycopg.connect(database_url) as conn:
        add_shop(conn, SecretBox.open(settings), acme())
    return database_url


@pytest.fixture
def open_client(shop_url: str, settings: Settings, dagster: FakeDagster) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of applications with these settings."""
    opened: list[TestClient] = []

    def make(**changes: Any) -> TestClient:
        app = build_app(settings.model_copy(update=changes), shop_url, dagster=dagster)  # type: ignore[arg-type]
        client = TestClient(app, raise_server_exceptions=False)
        opened.append(client.__enter__())
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(open_client: Callable[..., TestClient]) -> TestClient:
    """The application as it is by default."""
    return open_client()


@pytest.fixture
def sender(client: TestClient) -> Sender:
    return Sender(client)


@pytest.fixture
def headers(shop_url: str) -> dict[str, dict[str, str]]:
    """A key per role, as request headers."""
    with psycopg.connect(shop_url) as conn:
        keys = {role: create_key(conn, name=f"the {role}", role=role)[1] for role in ("viewer", "operator", "admin")}
    return {role: {"Authorization": f"Bearer {text.get_secret_value()}"} for role, text in keys.items()}
