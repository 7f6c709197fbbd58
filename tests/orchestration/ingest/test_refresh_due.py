"""The ship-by watch: what is due is read again, shop by shop, and one shop's trouble is told and stops no other."""

from __future__ import annotations

import json
import time

import pytest
from dagster import DagsterInstance

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

    def refresh(_url: str, *, temu_shop_id: int, parent_order_sns: list[str], lane: Lane, **_how: object) -> str:
        asked.append((temu_shop_id, parent_order_sns, lane))
        if temu_shop_id == registered.shops[0].temu_shop_id:
            raise ShopAuthError("token expired")
        return "read"

    monkeypatch.setattr(connectors.sync, "refresh_orders", refresh)
    head = json.dumps({"parentOrderMap": {"expectShipLatestTime": int(time.time()) + 3600}})
    for shop in registered.shops[:2]:
        registered.execute(
            "insert into raw_temu.orders (shop_id, parent_order_sn, status, source_updated_at, payload, payload_hash,"
            " run_id, loaded_at) values (%s, 'PO-1', 2, now(), %s, 'h', 'r', now() - interval '1 hour')",
            shop.id,
            head,
        )
    result = (
        build_defs().resolve_job_def("refresh_due_orders").execute_in_process(instance=instance, raise_on_error=False)
    )
    assert sorted(asked) == sorted((shop.temu_shop_id, ["PO-1"], Lane.SHIP_BY) for shop in registered.shops[:2])
    assert not result.success
    failure = next(event for event in result.all_node_events if event.event_type_value == "STEP_FAILURE")
    assert "token expired" in str(failure.event_specific_data)


def test_the_watch_visits_every_ten_minutes() -> None:
    assert watch_deadlines_every_10_minutes.cron_schedule == "5-59/10 * * * *"
