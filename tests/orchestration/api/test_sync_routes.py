"""Starting runs over HTTP: one run per request, found again by its id."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
from fastapi.testclient import TestClient

from connectors.temu.entities import number_of
from orchestration.api.app import build_app
from orchestration.names import NAMED_ORDERS_STEP, NAMED_PRODUCTS_STEP, REQUESTED_BY_TAG, SHOP_DAY_STEP, SHOP_STEP
from tests.orchestration.api.conftest import MALL, FakeDagster


def test_orders_are_read_by_a_run_whose_id_is_the_task(client, headers, dagster: FakeDagster):
    answer = client.post("/api/sync/orders", headers=headers["operator"])
    [run] = dagster.launched
    assert answer.status_code == 202
    assert answer.json()["task_id"] == run["id"]
    assert answer.headers["location"] == answer.json()["status_url"] == f"/api/sync/orders/status/{run['id']}"
    assert (run["job"], run["config"]) == ("ingest_orders", {"ops": {SHOP_DAY_STEP: {"config": {"shops": []}}}})
    assert run["tags"][REQUESTED_BY_TAG] == "the operator"


def test_days_are_read_whole_and_leave_the_watermark_alone(client, headers, dagster):
    wanted = {"shops": [str(MALL)], "first_day": "2026-11-01", "last_day": "2026-11-03"}
    assert client.post("/api/sync/orders", json=wanted, headers=headers["operator"]).status_code == 202
    [run] = dagster.launched
    config = run["config"]["ops"][SHOP_DAY_STEP]["config"]
    assert config == {"shops": ["Acme US"], "first_day": "2026-11-01", "last_day": "2026-11-03"}
    assert run["tags"]["omni/mode"] == "window"


def test_the_same_request_while_it_runs_is_the_same_task_and_another_one_is_not(client, headers, dagster):
    key = headers["operator"]
    first = client.post("/api/sync/products", headers=key).json()["task_id"]
    assert client.post("/api/sync/products", json={"shops": []}, headers=key).json()["task_id"] == first
    dagster.runs[first]["status"] = "STARTED"
    assert client.post("/api/sync/products", headers=key).json()["task_id"] == first
    other = client.post("/api/sync/products", json={"shops": ["Acme US"]}, headers=key).json()["task_id"]
    dagster.runs[first]["status"] = "SUCCESS"
    assert client.post("/api/sync/products", headers=key).json()["task_id"] not in (first, other)
    assert [run["config"]["ops"][SHOP_STEP]["config"]["shops"] for run in dagster.launched] == [[], ["Acme US"], []]


def test_one_order_and_one_product_are_refreshed_by_number(client, headers, dagster):
    key = headers["operator"]
    assert client.post("/api/sync/orders/PO-211-1", headers=key).status_code == 202
    assert client.post("/api/sync/products/601099512345678", params={"shop": "Acme US"}, headers=key).status_code == 202
    orders, products = (run["config"]["ops"] for run in dagster.launched)
    assert orders == {NAMED_ORDERS_STEP: {"config": {"named": [{"mall_id": MALL, "number": "PO-211-1"}]}}}
    assert products == {NAMED_PRODUCTS_STEP: {"config": {"named": [{"mall_id": MALL, "number": "601099512345678"}]}}}


def test_an_order_number_of_the_simplified_interface_may_have_any_usual_form(client, headers, dagster):
    for number in ("A_17-b", "42", "SEED-1001"):
        assert client.post(f"/api/sync/orders/{number}", headers=headers["operator"]).status_code == 202
    asked = [run["config"]["ops"][NAMED_ORDERS_STEP]["config"]["named"][0]["number"] for run in dagster.launched]
    assert asked == ["A_17-b", "42", "SEED-1001"]
    assert client.post("/api/sync/orders/A'17", headers=headers["operator"]).status_code == 422


def test_a_product_of_the_simplified_interface_is_known_by_its_text_id(client, headers, dagster, shop_url):
    with psycopg.connect(shop_url) as conn:
        conn.execute(
            "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key) values (8, 'B', 'US', 'US', 'k')"
        )
        conn.execute(
            "insert into raw_temu.products (shop_id, sku_id, source_updated_at, payload, payload_hash, run_id)"
            " select id, %s, now(), '{}', 'h', 'r' from ops.shops where temu_shop_id = 8",
            [number_of("p-17")],
        )
    assert client.post("/api/sync/products/p-18", headers=headers["operator"]).status_code == 422
    assert client.post("/api/sync/products/p-17", headers=headers["operator"]).status_code == 202
    [asked] = (run["config"]["ops"][NAMED_PRODUCTS_STEP]["config"]["named"] for run in dagster.launched)
    assert asked == [{"mall_id": 8, "number": "p-17"}]


def test_an_unknown_order_needs_its_shop_once_there_are_several(client, headers, shop_url):
    with psycopg.connect(shop_url) as conn:
        conn.execute(
            "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key) values (8, 'B', 'US', 'US', 'k')"
        )
        conn.execute(
            "insert into raw_temu.orders (shop_id, parent_order_sn, source_updated_at, payload, payload_hash, run_id)"
            " select id, 'PO-211-2', now(), '{}', 'h', 'r' from ops.shops where shop_name = 'B'"
        )
    key = headers["operator"]
    assert "?shop=" in client.post("/api/sync/orders/PO-211-1", headers=key).json()["detail"]
    assert client.post("/api/sync/orders/PO-211-2", headers=key).status_code == 202
    missing = client.post("/api/sync/orders/PO-211-1", params={"shop": "C"}, headers=key)
    assert (missing.status_code, missing.json()["detail"]) == (422, "no active shop is called C")


def test_a_task_that_waits_has_no_parts_and_no_end(client, headers):
    task = client.post("/api/sync/products", headers=headers["operator"]).json()["task_id"]
    told = client.get(f"/api/sync/products/status/{task}", headers=headers["viewer"]).json()
    assert (told["state"], told["progress"], told["eta_seconds"], told["parts"]) == ("pending", 0.0, None, [])


def test_a_refresh_tells_what_became_of_its_order(client, headers, shop_url):
    task = client.post("/api/sync/orders/PO-211-1", headers=headers["operator"]).json()["task_id"]
    with psycopg.connect(shop_url) as conn:
        conn.execute(
            "insert into ops.sync_logs (task_id, run_id, shop_id, stream, item_key, status)"
            " select %s, %s, id, 'orders', 'PO-211-1', 'absent' from ops.shops",
            [uuid4(), task],
        )
    [item] = client.get(f"/api/sync/orders/status/{task}", headers=headers["viewer"]).json()["items"]
    assert (item["item"], item["shop"], item["state"]) == ("PO-211-1", "Acme US", "absent")


def test_a_task_is_found_only_among_its_own_kind(client, headers):
    task = client.post("/api/sync/orders", headers=headers["operator"]).json()["task_id"]
    for url in (f"/api/sync/products/status/{task}", f"/api/sync/orders/status/{UUID(int=7)}"):
        assert client.get(url, headers=headers["viewer"]).status_code == 404


IMPOSSIBLE = (
    {"first_day": "2026-11-01"},
    {"first_day": "2026-11-02", "last_day": "2026-11-01"},
    {"first_day": "0001-01-01", "last_day": "2026-11-01"},
    {"shops": ["nobody's"]},
    {"shops": ["a\u0000b"]},
    {"colour": "red"},
    [],
)


def test_a_request_that_cannot_be_carried_out_starts_nothing(client, headers, dagster):
    for wanted in IMPOSSIBLE:
        answer = client.post("/api/sync/orders", json=wanted, headers=headers["operator"])
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
    assert dagster.launched == []


def test_without_dagster_the_answer_says_how_to_start_it(shop_url, settings, headers):
    client = TestClient(build_app(settings, shop_url), raise_server_exceptions=False)
    answer = client.post("/api/sync/orders", headers=headers["operator"])
    assert answer.status_code == 422
    assert "omni up" in answer.json()["detail"]
