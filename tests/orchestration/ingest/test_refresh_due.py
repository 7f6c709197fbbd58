"""The ship-by watch: what is due is read again, shop by shop, and one shop's trouble is told and stops no other."""

from __future__ import annotations

import json
import time

import psycopg
import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

import connectors.sync
from connectors.errors import ShopAuthError
from connectors.postgres.lanes import Lane
from orchestration.ingest.definitions import build_defs
from orchestration.ingest.schedules import watch_deadlines_every_10_minutes
from tests.orchestration.registered import Registered


def test_due_orders_of_every_shop_are_read_again(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, list[str], Lane]] = []
    troubles = {
        registered.shops[0].temu_shop_id: ShopAuthError("token expired"),
        registered.shops[1].temu_shop_id: psycopg.OperationalError("connection lost"),
    }

    def refresh(_url: str, *, temu_shop_id: int, parent_order_sns: list[str], lane: Lane, **_how: object) -> str:
        asked.append((temu_shop_id, parent_order_sns, lane))
        if trouble := troubles.get(temu_shop_id):
            raise trouble
        return "read"

    monkeypatch.setattr(connectors.sync, "refresh_orders", refresh)
    head = json.dumps({"parentOrderMap": {"expectShipLatestTime": int(time.time()) + 3600}})
    for shop in registered.shops[:3]:
        registered.execute(
            "insert into raw_temu.orders (shop_id, parent_order_sn, status, source_updated_at, payload, payload_hash,"
            " run_id, loaded_at) values (%s, 'PO-1', 2, now(), %s, 'h', 'r', now() - interval '1 hour')",
            shop.id,
            head,
        )
    result = (
        build_defs().resolve_job_def("refresh_due_orders").execute_in_process(instance=instance, raise_on_error=False)
    )
    assert sorted(asked) == sorted((shop.temu_shop_id, ["PO-1"], Lane.SHIP_BY) for shop in registered.shops[:3])
    assert not result.success
    told = _failure(result)
    assert "token expired" in told
    assert "connection lost" in told


def test_a_watch_that_cannot_begin_says_why(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_how: object) -> list[object]:
        raise psycopg.OperationalError("the database is away")

    monkeypatch.setattr("orchestration.ingest.jobs.due_orders", gone)
    job = build_defs().resolve_job_def("refresh_due_orders")
    assert "the database is away" in _failure(job.execute_in_process(instance=instance, raise_on_error=False))


def _failure(result: ExecuteInProcessResult) -> str:
    """What the run says to people."""
    data = next(event.step_failure_data for event in result.all_events if event.is_step_failure)
    return str(data.user_failure_data.description)


def test_the_watch_visits_every_ten_minutes() -> None:
    assert watch_deadlines_every_10_minutes.cron_schedule == "5-59/10 * * * *"
