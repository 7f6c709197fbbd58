"""The ship-by watch: every shop is visited, and one shop's trouble is told and stops no other."""

from __future__ import annotations

import psycopg
import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

import connectors.sync
from connectors.errors import ShopAuthError
from orchestration.ingest.definitions import build_defs
from orchestration.ingest.jobs import MOST_DUE_ORDERS
from orchestration.ingest.schedules import watch_deadlines_every_10_minutes
from tests.orchestration.registered import Registered


def test_every_shop_is_visited_for_its_share_of_due_orders(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    troubles = {
        registered.shops[0].temu_shop_id: ShopAuthError("token expired"),
        registered.shops[1].temu_shop_id: psycopg.OperationalError("connection lost"),
    }

    def visit(_url: str, *, temu_shop_id: int, most: int, **_how: object) -> list[str]:
        asked.append((temu_shop_id, most))
        if trouble := troubles.get(temu_shop_id):
            raise trouble
        return ["what is urgent", "what is due"]

    monkeypatch.setattr(connectors.sync, "watch_deadlines", visit)
    result = (
        build_defs().resolve_job_def("refresh_due_orders").execute_in_process(instance=instance, raise_on_error=False)
    )
    share = MOST_DUE_ORDERS // len(registered.shops)
    assert sorted(asked) == sorted((shop.temu_shop_id, share) for shop in registered.shops)
    assert not result.success
    told = _failure(result)
    assert "token expired" in told
    assert "connection lost" in told


def test_a_watch_that_cannot_begin_says_why(
    registered: Registered, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_how: object) -> list[object]:
        raise psycopg.OperationalError("the database is away")

    monkeypatch.setattr(connectors.sync, "chosen_shops", gone)
    job = build_defs().resolve_job_def("refresh_due_orders")
    assert "the database is away" in _failure(job.execute_in_process(instance=instance, raise_on_error=False))


def _failure(result: ExecuteInProcessResult) -> str:
    """What the run says to people."""
    data = next(event.step_failure_data for event in result.all_events if event.is_step_failure)
    return str(data.user_failure_data.description)


def test_the_watch_visits_every_ten_minutes() -> None:
    assert watch_deadlines_every_10_minutes.cron_schedule == "5-59/10 * * * *"
