"""Events and calls in the running house: from the gateway through the door into the marts, and one order by a key.

The gateway's clock moves on by two hours here, so these are the last tests that look at the demo.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from connectors.api_keys import create_key, revoke_key
from tests.demo_stack import DemoStack

pytestmark = pytest.mark.services

SECONDS = 600


@pytest.fixture
def pushing(demo_stack: DemoStack) -> Iterator[DemoStack]:
    """The demo while the gateway pushes events; afterwards it is silent again."""
    path = f"{demo_stack.gateway_url}/sandbox/webhooks/subscription"
    wanted = {"url": f"{demo_stack.door_url}/api/webhook/temu", "answer_seconds": 10, "duplicates": 0.3, "forge": 0.3}
    httpx.put(path, json=wanted, timeout=30).raise_for_status()
    yield demo_stack
    httpx.delete(path, timeout=30).raise_for_status()


def newly_placed(stack: DemoStack) -> set[str]:
    """Orders that exist only since the gateway's clock was moved on, told by the events that were processed."""
    with psycopg.connect(stack.database_url) as conn:
        query = "select parent_order_sn from ops.webhook_events where processed_at is not null"
        return {row[0] for row in conn.execute(query) if row[0]}


def test_an_order_placed_now_is_in_the_marts_through_its_event_alone(pushing: DemoStack) -> None:
    with psycopg.connect(pushing.database_url) as conn:
        known = {row[0] for row in conn.execute("select parent_order_sn from raw_temu.orders")}
    httpx.post(
        f"{pushing.gateway_url}/sandbox/clock/advance", json={"seconds": 2 * 3600}, timeout=60
    ).raise_for_status()
    deadline = time.monotonic() + SECONDS
    arrived: set[str] = set()
    while not arrived and time.monotonic() < deadline:
        fresh = list(newly_placed(pushing) - known)
        with psycopg.connect(pushing.database_url) as conn:
            query = "select distinct parent_order_sn from marts.fct_order_lines_costed where parent_order_sn = any(%s)"
            arrived = {row[0] for row in conn.execute(query, [fresh])}
            runs = conn.execute(
                "select distinct t.mode from raw_temu.orders o join ops.sync_tasks t on t.run_id = o.run_id"
                " where o.parent_order_sn = any(%s)",
                [list(arrived)],
            ).fetchall()
        time.sleep(1)
    assert arrived
    assert runs == [("refresh",)]
    counts = httpx.get(f"{pushing.gateway_url}/sandbox/webhooks/subscription", timeout=30).json()["counts"]
    assert counts["taken"] > 0
    assert "forged taken" not in counts


def test_a_key_of_an_operator_reads_one_order_again_and_sees_what_became_of_it(demo_stack: DemoStack) -> None:
    with psycopg.connect(demo_stack.database_url) as conn:
        order = conn.execute("select parent_order_sn from raw_temu.orders limit 1").fetchone()
        key, text = create_key(conn, name="demo test", role="operator")
    assert order is not None
    headers = {"Authorization": f"Bearer {text.get_secret_value()}"}
    door = httpx.Client(base_url=demo_stack.door_url, headers=headers, timeout=60)
    task = door.post(f"/api/sync/orders/{order[0]}")
    assert task.status_code == 202
    assert door.post(f"/api/sync/orders/{order[0]}").json()["task_id"] == task.json()["task_id"]
    deadline = time.monotonic() + SECONDS
    while (told := door.get(task.json()["status_url"]).json())["state"] in ("pending", "running"):
        assert time.monotonic() < deadline
        time.sleep(1)
    assert told["state"] == "completed"
    assert [(item["item"], item["state"]) for item in told["items"]] == [(order[0], "ok")]
    with psycopg.connect(demo_stack.database_url) as conn:
        revoke_key(conn, key.prefix)
    assert door.get("/api/shops").status_code == 401
