"""The sandbox pushes, the door takes, the inbox refreshes: both sides written from one reference, sharing no line."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi.testclient import TestClient

from connectors.sandbox.push.events import latest_messages
from connectors.sandbox.push.postman import Postman, Subscription
from connectors.sandbox.sandbox import Options, Sandbox
from connectors.secrets import SecretBox
from connectors.shops import add_shop
from orchestration.api.app import build_app
from orchestration.ingest.webhook_inbox import EventFile, process_inbox, waiting_files
from tests.orchestration.api.conftest import acme

NOW = 1795161600


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    options = Options(tmp_path / "sandbox", days=4, orders_per_day=4, now=NOW, quota=0)
    return Sandbox(options, real=lambda: float(NOW))


@pytest.fixture
def url(database_url: str, settings, sandbox: Sandbox) -> str:
    """A database that knows the sandbox's shops."""
    with psycopg.connect(database_url) as conn:
        for shop in sandbox.world.shops:
            found = sandbox.tokens.credentials(shop)
            profile = shop.profile
            changes = {"temu_shop_id": profile.mall_id, "shop_name": profile.name, "app_key": found.app_key}
            add_shop(conn, SecretBox.open(settings), acme(found.app_secret, **changes))
    return database_url


async def test_pushed_events_in_any_form_order_and_number_refresh_each_order_once(url, settings, sandbox, dagster):
    messages = latest_messages(sandbox.world, 30, sandbox.now())
    troubles = {"duplicates": 0.5, "forge": 0.2, "reorder_seconds": 100, "answer_seconds": 30}
    with TestClient(build_app(settings, url, dagster=dagster)) as client:
        transport = httpx.MockTransport(
            lambda request: httpx.Response(
                client.post("/api/webhook/temu", content=request.content, headers=request.headers).status_code
            )
        )
        postman = Postman(sandbox, httpx.AsyncClient(transport=transport))
        postman.subscribe(Subscription.of({"url": "http://door/api/webhook/temu", **troubles}))
        postman.post(messages)
        await postman.deliver_due(time.monotonic() + 200)
    assert postman.counts["taken"] == 30 + postman.counts["duplicates"]
    assert postman.counts["forged refused"] > 0
    assert postman.counts["forged taken"] == 0
    stored = [EventFile.model_validate_json(path.read_bytes()) for path in waiting_files(settings.webhook_inbox)]
    assert len(stored) == 30
    asked: dict[int, list[str]] = {}
    report = process_inbox(url, settings.webhook_inbox, lambda mall, sns: asked.update({mall: list(sns)}), run_id="r")
    assert report.done == 30
    assert {(mall, sn) for mall, sns in asked.items() for sn in sns} == {
        (message.mall_id, message.body["parentOrderSn"]) for message in messages
    }
