"""The webhook door (API reference §16): what gets in, what is stored before it is acknowledged, what is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.secrets import SecretBox
from connectors.settings import PROJECT_ROOT
from connectors.shops import add_shop, change_shop
from connectors.temu.webhooks import read_event
from orchestration.api.mailbox import Mailbox
from orchestration.ingest.webhook_inbox import EventFile, process_inbox, waiting_files
from tests.orchestration.api.conftest import MALL, WEBHOOK, Sender, acme

OLD = 30 * 3600 + 60


def waiting(settings) -> list[EventFile]:
    return [EventFile.model_validate_json(path.read_bytes()) for path in waiting_files(settings.webhook_inbox)]


def recorded(url: str, expected: int = 1) -> list[tuple[Any, ...]]:
    """Rows of the ledger, which is written beside the answers."""
    query = "select event_type, signature_ok, reason, processed_at is not null from ops.webhook_events order by 1, 3"
    for _ in range(100):
        with psycopg.connect(url) as conn:
            rows = conn.execute(query).fetchall()
        if len(rows) >= expected:
            return rows
        time.sleep(0.05)
    return rows


@pytest.mark.parametrize("with_ext", [True, False])
def test_an_event_in_either_official_form_is_stored_and_acknowledged(sender, settings, with_ext):
    sender.with_ext = with_ext
    answer = sender.order("PO-7", status=4)
    assert (answer.status_code, answer.json()) == (200, {"result": {}})
    [event] = waiting(settings)
    assert (event.event, event.data.mall_id, event.data.parent_order_sn) == (
        "bg_order_status_change_event", MALL, "PO-7",
    )  # fmt: skip


def test_repeated_deliveries_are_acknowledged_and_stored_once_even_after_processing(sender, settings, shop_url):
    for _ in range(3):
        assert sender.order("PO-7").json() == {"result": {}}
    assert len(waiting(settings)) == 1
    asked: list[object] = []
    process_inbox(shop_url, settings.webhook_inbox, lambda mall, orders: asked.append((mall, orders)), run_id="r")
    assert sender.order("PO-7", age_seconds=3600).json() == {"result": {}}
    assert waiting(settings) == []
    assert asked == [(MALL, ["PO-7"])]
    assert sender.order("PO-7", status=5).json() == {"result": {}}
    assert len(waiting(settings)) == 1


def test_a_retry_after_27_hours_is_taken_and_an_older_delivery_is_not(sender, settings, shop_url):
    assert sender.order("PO-1", age_seconds=27.7 * 3600).status_code == 200
    for age in (OLD, -3600):
        assert sender.order("PO-2", age_seconds=age).status_code == 401
    assert len(waiting(settings)) == 1
    assert recorded(shop_url, 2)[0] == ("bg_order_status_change_event", True, "too old", False)


def test_a_forged_delivery_is_refused_recorded_and_never_stored(client, settings, shop_url):
    forger = Sender(client, secret="another-app-secret-0002")
    answer = forger.order()
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert Sender(client, app_key="unknown-app").order().status_code == 401
    assert waiting(settings) == []
    rows = recorded(shop_url, 2)
    assert rows == [("bg_order_status_change_event", False, "signature", False)] * 2
    assert client.get("/health").json()["refused"] == {"signature": 2}


def test_an_event_of_a_shop_that_is_not_ours_is_told_so_and_recorded(sender, settings, shop_url):
    assert sender.order(mall=777).status_code == 404
    assert waiting(settings) == []
    assert recorded(shop_url) == [("bg_order_status_change_event", True, "unknown shop", False)]


def test_both_secrets_verify_after_a_rotation_and_the_new_one_is_known_at_once(client, settings, shop_url, monkeypatch):
    monkeypatch.setattr("orchestration.api.apps.EAGER_SECONDS", 0.0)
    with psycopg.connect(shop_url) as conn:
        add_shop(conn, SecretBox.open(settings), acme("canary-app-secret-0002"))
    assert Sender(client, secret="canary-app-secret-0002").order("PO-1").status_code == 200
    assert Sender(client).order("PO-2").status_code == 200
    with psycopg.connect(shop_url) as conn:
        conn.execute("update ops.shop_credentials set former_app_secret_until = now()")
    monkeypatch.setattr("orchestration.api.apps.FRESH_SECONDS", 0.0)
    assert Sender(client, secret="canary-app-secret-0002").order("PO-3").status_code == 200


def test_a_deactivated_shop_pushes_nothing_any_more(sender, settings, shop_url, monkeypatch):
    monkeypatch.setattr("orchestration.api.apps.EAGER_SECONDS", 0.0)
    assert sender.order("PO-1").status_code == 200
    with psycopg.connect(shop_url) as conn:
        change_shop(conn, SecretBox.open(settings), str(MALL), {"is_active": False})
    monkeypatch.setattr("orchestration.api.apps.FRESH_SECONDS", 0.0)
    sender.order("PO-2")
    time.sleep(0.5)
    assert sender.order("PO-3").status_code in (401, 404)


EVENTS = {
    "bg_trade_logistics_address_changed": {},
    "bg_aftersales_status_change": {
        "parentAfterSalesSn": "PA-1",
        "parentAfterSalesStatus": 5,
        "updateAt": 1767225600000,
    },
    "bg_cancel_order_status_change": {
        "parentAfterSalesSn": "PA-2",
        "parentAfterSalesStatus": 5,
        "updateAt": 1767225600000,
    },
    "bg_event_of_next_year": {"novel": [1]},
}


@pytest.mark.parametrize("code", EVENTS)
def test_every_kind_of_event_that_names_an_order_is_stored(sender, settings, code):
    assert sender.send(code, {"mallId": MALL, "parentOrderSn": "PO-1", **EVENTS[code]}).json() == {"result": {}}
    [event] = waiting(settings)
    assert event.data.parent_order_sn == "PO-1"


def test_the_test_button_is_answered_encrypted_or_not_and_stores_nothing(sender, client, settings, shop_url):
    assert sender.send("bg_open_event_test", {"orderSn": "TEST", "status": 1}).json() == {"result": {}}
    clear = client.post(WEBHOOK, json={"orderSn": "TEST"}, headers={"x-tm-event-code": "bg_open_event_test"})
    assert clear.json() == {"result": {}}
    inside = client.post(
        WEBHOOK, json={"eventData": '{"orderSn":"TEST"}'}, headers={"x-tm-event-code": "bg_open_event_test"}
    )
    assert inside.json() == {"result": {}}
    assert client.post(WEBHOOK, content=b"x", headers={"x-tm-event-code": "bg_open_event_test"}).status_code == 400
    assert waiting(settings) == []
    assert sorted(row[1] is None for row in recorded(shop_url, 3)) == [False, True, True]


def test_an_authentic_event_without_a_shop_cannot_be_used(sender, settings, shop_url):
    assert sender.send("bg_order_status_change_event", {"parentOrderSn": "PO-1"}).status_code == 422
    assert recorded(shop_url) == [("bg_order_status_change_event", True, "names no shop", False)]


def test_bodies_above_256_kb_are_refused_before_they_are_read(client):
    assert client.post(WEBHOOK, content=b"x" * (256 * 1024 + 1)).status_code == 413
    streamed = client.post(WEBHOOK, content=(b"x" * 65536 for _ in range(5)))
    assert streamed.status_code == 413
    assert streamed.headers["content-type"] == "application/problem+json"
    assert client.post(WEBHOOK, content=b"x" * 1000).status_code == 400


HEADERS = ("x-tm-app-key", "x-tm-event-code", "x-tm-timestamp", "x-tm-signature", "x-tm-ext-param")
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@given(
    body=st.one_of(st.binary(max_size=200), st.text(max_size=50).map(lambda t: json.dumps({"eventData": t}).encode())),
    sent=st.dictionaries(st.sampled_from(HEADERS), TEXT | st.just("bg_open_event_test") | st.just("1767225600123")),
)
@hypothesis_settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_malformed_request_is_ever_an_error_of_ours(client, settings, body, sent):
    answer = client.post(WEBHOOK, content=body, headers=sent)
    assert answer.status_code < 500
    assert answer.status_code == 200 or answer.headers["content-type"] == "application/problem+json"
    assert waiting(settings) == []


def test_clear_bodies_of_the_seed_dialect_are_taken_only_when_configured(client, open_client, settings):
    body = json.dumps(
        {
            "event_type": "bg_order_status_change_event",
            "data": {"order_sn": "S-1", "status": 2},
            "timestamp": int(time.time()),
        }
    ).encode()
    sent = {"X-Temu-Signature": hmac.new(b"seed-secret", body, hashlib.sha256).hexdigest()}
    assert client.post(WEBHOOK, content=body, headers=sent).status_code == 400
    seeded = open_client(webhook_seed_secret=SecretStr("seed-secret"), webhook_seed_mall_id=MALL)
    assert seeded.post(WEBHOOK, content=body, headers=sent | {"X-Temu-Signature": "0" * 64}).status_code == 401
    assert seeded.post(WEBHOOK, content=body, headers=sent).json() == {"result": {}}
    [event] = waiting(settings)
    assert (event.data.mall_id, event.data.parent_order_sn) == (MALL, "S-1")


def test_an_event_that_cannot_be_stored_is_not_acknowledged(sender, settings, monkeypatch):
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestration.api.mailbox.write_durably", full)
    answer = sender.order()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert waiting(settings) == []


def test_without_a_database_known_shops_are_still_served(sender, settings, monkeypatch):
    assert sender.order("PO-1").status_code == 200

    def lost(*_args: object) -> None:
        raise psycopg.OperationalError("the server closed the connection")

    monkeypatch.setattr("orchestration.api.app.known_apps", lost)
    monkeypatch.setattr("orchestration.api.apps.FRESH_SECONDS", 0.0)
    for number in (2, 3):
        assert sender.order(f"PO-{number}").status_code == 200
    assert len(waiting(settings)) == 3


def test_a_door_that_never_saw_the_shops_tells_the_sender_to_come_back(open_client, settings, monkeypatch):
    def lost(*_args: object) -> None:
        raise psycopg.OperationalError("the server closed the connection")

    monkeypatch.setattr("orchestration.api.app.known_apps", lost)
    answer = Sender(open_client()).order()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert waiting(settings) == []


WRITER = """
import os, signal, sys
from pathlib import Path
from orchestration.api import mailbox
mailbox.Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
mailbox.write_durably(Path(sys.argv[1]), b'{"half": true}')
"""


def test_a_writer_killed_before_the_rename_leaves_nothing_that_looks_like_an_event(settings, tmp_path):
    inbox = tmp_path / "inbox"
    Mailbox(inbox).open()
    done = subprocess.run([sys.executable, "-c", WRITER, str(inbox / "1-a.json")], cwd=PROJECT_ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert waiting_files(inbox) == []
    [scratch] = list(inbox.iterdir())
    hour_ago = time.time() - 3700
    os.utime(scratch, (hour_ago, hour_ago))
    Mailbox(inbox).open()
    assert list(inbox.iterdir()) == []


def test_what_is_written_survives_because_file_and_folder_are_synced(tmp_path, monkeypatch):
    synced: list[str] = []
    real = os.fsync

    def watched(number: int) -> None:
        synced.append(Path(f"/proc/self/fd/{number}").resolve().name)
        real(number)

    monkeypatch.setattr("orchestration.api.mailbox.os.fsync", watched)
    box = Mailbox(tmp_path / "inbox")
    box.open()
    event = read_event(
        "bg_order_status_change_event", {"mallId": 1, "parentOrderSn": "PO-1"}, datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert box.put(event, datetime(2026, 1, 1, tzinfo=UTC))
    assert not box.put(event, datetime(2026, 1, 2, tzinfo=UTC))
    assert synced[0].endswith(".tmp")
    assert synced[1] == "inbox"
