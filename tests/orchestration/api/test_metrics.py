"""What a monitor reads: every figure from what is kept, to nobody else, and a clear word when the database is away."""

from __future__ import annotations

import time

import psycopg
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from connectors.app_secrets import KnownApps
from orchestration.api.app import build_app
from orchestration.api.figures import FIGURES, read_figures
from tests.orchestration.api.conftest import Sender

KEPT = (
    "insert into ops.call_totals values ({shop}, 'bg.order.list.v2.get', '1000000', 0.1, 3, 0.24)",
    "insert into ops.call_totals values ({shop}, 'bg.order.list.v2.get', '4000004', 'infinity', 1, 40)",
    "insert into ops.task_totals values ({shop}, 'orders', 'live', 'completed', 2, 5, 4, 1, 9, 5, 2, 1, 1, 0, now())",
    (
        "insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id)"
        " values (gen_random_uuid(), {shop}, 'orders', 'live', 'running', 'r')"
    ),
    "insert into ops.watermarks values ({shop}, 'orders', now() - interval '90 seconds', 'r', now())",
    "insert into ops.app_quota (app_key, lane_slots, throttled) values ('app-key-1', '{{\"live\": 7}}', 2)",
    (
        "insert into ops.dead_letters (shop_id, stream, reason_code, payload, payload_hash, run_id)"
        " values ({shop}, 'orders', 'x', '{{}}', 'a', 'r'), ({shop}, 'orders', 'x', '{{}}', 'b', 'r')"
    ),
    "update ops.dead_letters set resolved_at = now() where payload_hash = 'b'",
    (
        "insert into ops.due_orders (shop_id, parent_order_sn, kind, deadline, due_at, landed_at)"
        " values ({shop}, 'PO-1', 'ship', now(), now(), now()), ({shop}, 'PO-2', 'ship', now(), now() + '1 h', now())"
    ),
)


@pytest.fixture
def kept(shop_url: str) -> str:
    """A database in which a connector has worked."""
    with psycopg.connect(shop_url) as conn:
        [shop] = conn.execute("select id from ops.shops").fetchone()
        for statement in KEPT:
            conn.execute(statement.format(shop=shop))
    return shop_url


def _samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = list(text_string_to_metric_families(text))
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def _read(client: TestClient, headers: dict[str, str]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return _samples(answer.text)


def _of(samples: dict, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_every_figure_is_read_from_what_is_kept(kept, client, headers, dagster) -> None:
    dagster.launch("ingest_orders", config={}, tags={})
    told = _read(client, headers["viewer"])
    shop = {"shop": "Acme US"}
    calls = {**shop, "api_type": "bg.order.list.v2.get"}
    assert _of(told, "omni_temu_calls_total", **calls, code="1000000") == 3
    assert _of(told, "omni_temu_calls_total", **calls, code="4000004") == 1
    assert _of(told, "omni_temu_retries_total", **shop, stream="orders") == 1
    for outcome, rows in {"inserted": 5, "updated": 2, "unchanged": 1, "dead_lettered": 1, "not_ready": 0}.items():
        assert _of(told, "omni_rows_total", **shop, stream="orders", outcome=outcome) == rows
    assert _of(told, "omni_sync_tasks_total", **shop, stream="orders", mode="live", status="completed") == 2
    assert _of(told, "omni_sync_task_seconds_total", stream="orders", mode="live") == 5
    assert _of(told, "omni_sync_tasks_running", mode="live") == 1
    assert 90 <= _of(told, "omni_watermark_age_seconds", **shop, stream="orders") < 120
    assert time.time() - _of(told, "omni_stream_last_success_timestamp_seconds", **shop, stream="orders") < 30
    assert _of(told, "omni_quota_slots_total", app_key="app-key-1", lane="live") == 7
    assert _of(told, "omni_quota_calls_per_second", app_key="app-key-1") == 20
    assert _of(told, "omni_quota_throttled_total", app_key="app-key-1") == 2
    assert _of(told, "omni_dead_letters_open", stream="orders") == 1
    assert _of(told, "omni_due_orders", **shop) == 1
    assert _of(told, "omni_runs", state="pending") == 1
    assert _of(told, "omni_runs", state="running") == 0


def test_durations_are_a_histogram_of_each_operation(kept, client, headers) -> None:
    told = _read(client, headers["viewer"])
    name, api_type = "omni_temu_call_seconds", {"api_type": "bg.order.list.v2.get"}
    assert _of(told, f"{name}_bucket", **api_type, le="0.05") == 0
    assert _of(told, f"{name}_bucket", **api_type, le="0.1") == _of(told, f"{name}_bucket", **api_type, le="30.0") == 3
    assert _of(told, f"{name}_bucket", **api_type, le="+Inf") == _of(told, f"{name}_count", **api_type) == 4
    assert _of(told, f"{name}_sum", **api_type) == pytest.approx(40.24)


def test_deliveries_are_counted_by_what_became_of_them_and_waiting_files_by_their_age(client, headers) -> None:
    sender = Sender(client)
    for sn in ("PO-1", "PO-1", "PO-2"):
        assert sender.order(sn).status_code == 200
    assert Sender(client, secret="another-secret-000000").order("PO-3").status_code == 401
    assert sender.order("PO-4", mall=999).status_code == 404
    told = _read(client, headers["viewer"])
    seen = {"accepted": 2, "repeated": 1}
    for outcome, count in seen.items():
        assert _of(told, "omni_webhook_deliveries_total", outcome=outcome, reason="") == count
    for reason in ("signature", "unknown shop"):
        assert _of(told, "omni_webhook_deliveries_total", outcome="refused", reason=reason) == 1
    assert _of(told, "omni_webhook_inbox_files") == 2
    assert 0 <= _of(told, "omni_webhook_inbox_oldest_seconds") < 60


LOCAL = {"base_url": "http://127.0.0.1:8090", "client": ("127.0.0.1", 5000)}


@pytest.mark.parametrize(
    ("bind_host", "where", "sent", "status"),
    [
        ("127.0.0.1", {}, {}, 200),
        ("localhost", {"base_url": "http://localhost:8090", "client": ("::1", 5000)}, {}, 200),
        ("0.0.0.0", {}, {}, 401),  # noqa: S104 - a door that others can reach, too
        ("127.0.0.1", {"client": ("10.0.0.7", 5000)}, {}, 401),
        ("127.0.0.1", {"base_url": "http://shop.example.com"}, {}, 401),
        ("127.0.0.1", {}, {"X-Forwarded-For": "203.0.113.9"}, 401),
        ("127.0.0.1", {}, {"Authorization": "Bearer omni_00000000_wrong"}, 401),
    ],
)
def test_only_a_scraper_on_this_host_needs_no_key(shop_url, settings, bind_host, where, sent, status) -> None:
    app = build_app(settings.model_copy(update={"bind_host": bind_host}), shop_url)
    with TestClient(app, **{**LOCAL, **where}) as client:
        assert client.get("/metrics", headers=sent).status_code == status


def test_a_stopped_dagster_hides_nothing_but_its_own_queue(kept, settings) -> None:
    with TestClient(
        build_app(settings.model_copy(update={"dagster_url": "http://127.0.0.1:9"}), kept), **LOCAL
    ) as client:
        told = _read(client, {})
    assert not [name for name, _ in told if name == "omni_runs"]
    assert _of(told, "omni_dead_letters_open", stream="orders") == 1


@pytest.mark.parametrize("trouble", ["away", "not migrated"])
def test_without_a_database_the_answer_is_503_with_a_clear_word(
    postgres_server, settings, monkeypatch, trouble
) -> None:
    monkeypatch.setattr("orchestration.api.app._read_apps", lambda *_a: KnownApps({}, {}, ()))
    empty = postgres_server.create_database(template="template1")
    url = empty if trouble == "not migrated" else "postgresql://nobody@127.0.0.1:9/nothing"
    with TestClient(build_app(settings, url), raise_server_exceptions=False, **LOCAL) as client:
        answer = client.get("/metrics")
    postgres_server.drop_database(empty)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "the database does not" in answer.json()["detail"]
    assert "Traceback" not in answer.text


def test_no_label_can_grow_with_orders_and_no_figure_tells_a_secret(kept, client, headers) -> None:
    allowed = {"shop", "stream", "api_type", "code", "lane", "mode", "status", "outcome", "app_key"}
    assert {label for figure in FIGURES for label in figure.labels} <= allowed
    text = client.get("/metrics", headers=headers["viewer"]).text
    assert "canary" not in text


def test_a_scrape_costs_the_same_after_years(shop_url: str) -> None:
    with psycopg.connect(shop_url) as conn:
        conn.execute("insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id, calls, finished_at)"
                     " select gen_random_uuid(), n % 50, 'orders', 'live', 'completed', 'r', 1, now()"
                     " from generate_series(1, 20000) n")  # fmt: skip
        conn.execute("insert into ops.dead_letters (shop_id, stream, reason_code, payload, payload_hash, run_id,"
                     " resolved_at) select n % 50, 'orders', 'x', '{}', n::text::bytea, 'r', now()"
                     " from generate_series(1, 20000) n")  # fmt: skip
        conn.execute("analyze ops.sync_tasks, ops.dead_letters")
        conn.commit()
        for figure in FIGURES:
            plan = "\n".join(row[0] for row in conn.execute(f"explain {figure.query}"))
            assert "Seq Scan on sync_tasks" not in plan, (figure.name, plan)
            assert "Seq Scan on dead_letters" not in plan, (figure.name, plan)
        conn.rollback()
        assert len(list(read_figures(conn))) == len(FIGURES) + 1
