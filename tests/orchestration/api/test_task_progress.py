"""How far a task is: what the loader itself writes while it reads, as the API tells it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import AsyncConnection
from pydantic import SecretStr

from connectors.api_keys import create_key
from connectors.postgres.tasks import finish_task, note_tasks, start_task, tell_counts
from connectors.records import Window
from connectors.secrets import SecretBox
from connectors.shop_gateways import ShopGateway, add_gateway
from connectors.shops import Shop, ShopCredentials
from connectors.sync import SyncReport, refresh_orders, sync_shops
from connectors.temu.streams import STREAMS
from orchestration.api.app import build_app
from orchestration.api.extent import extent_of
from orchestration.api.runs import Run
from orchestration.api.tasks import eta_seconds
from orchestration.ingest.definitions import build_defs
from tests.orchestration.api.conftest import FakeDagster
from tests.orchestration.registered import Registered

NOW = datetime.now(UTC)


@dataclass
class Watcher:
    """Somebody who starts tasks over HTTP and asks how far they are."""

    client: TestClient
    dagster: FakeDagster
    url: str

    def start(self, path: str, *, started: float = 5.0, **body: Any) -> str:
        """A task that Dagster began so many seconds ago."""
        task = str(self.client.post(f"/api/sync/{path}", json=body).raise_for_status().json()["task_id"])
        self.dagster.runs[task] |= {"status": "STARTED", "startTime": time.time() - started}
        return task

    def told(self, task: str) -> dict[str, Any]:
        """Its status."""
        kind = "orders" if "orders" in self.dagster.runs[task]["jobName"] else "products"
        return dict(self.client.get(f"/api/sync/{kind}/status/{task}").raise_for_status().json())


@pytest.fixture
def watcher(registered: Registered, dagster: FakeDagster) -> Iterator[Watcher]:
    with psycopg.connect(registered.url) as conn:
        key = create_key(conn, name="watcher", role="operator")[1].get_secret_value()
    app = build_app(registered.settings, registered.url, dagster=dagster)  # type: ignore[arg-type]
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as client:
        yield Watcher(client, dagster, registered.url)


def streams_of(job: str) -> list[str]:
    """The streams whose tables a job of Dagster materialises."""
    keys = build_defs().resolve_job_def(job).asset_layer.executable_asset_keys
    return [name for name in STREAMS if name in {key.path[-1] for key in keys}]


@pytest.mark.parametrize("job", ["ingest_orders", "ingest_products"])
def test_a_run_is_expected_to_read_what_its_job_reads(job: str) -> None:
    run = Run("id", job, "running", None, None, None, {})
    assert list(extent_of(run).streams) == streams_of(job)


def read_and_watch(watcher: Watcher, registered: Registered, shop: Shop, job: str, task: str) -> list[dict[str, Any]]:
    """The statuses after each part of a real reading, and how many parts there were."""
    seen: list[dict[str, Any]] = []
    sync_shops(
        registered.url, settings=registered.settings, shops=[shop.shop_name], streams=streams_of(job), window=None,
        run_id=task,
        on_event=lambda event: seen.append(watcher.told(task)) if isinstance(event, SyncReport) and not event.absent
        else None,
    )  # fmt: skip
    return seen


def with_second_gateway(registered: Registered, shop: Shop) -> None:
    """A token of the partner gateway; nobody asks there what is not for its streams."""
    sealed = ShopCredentials(SecretStr("secret"), SecretStr("token"))
    second = ShopGateway(gateway="PARTNER", app_key="other", credentials=sealed, gateway_url="http://127.0.0.1:9")
    with psycopg.connect(registered.url) as conn:
        add_gateway(conn, SecretBox.open(registered.settings), shop, second)


def in_rest(registered: Registered, shop: Shop, gateway_url: str) -> None:
    """The same shop, spoken to in the other dialect."""
    address = f"{gateway_url}/US"
    registered.execute("update ops.shops set dialect = 'rest', gateway_url = %s where id = %s", address, shop.id)


@pytest.mark.parametrize(
    ("kind", "dialect", "parts"),
    [("orders", "router", 8), ("products", "router", 9), ("orders", "rest", 1), ("products", "rest", 2)],
)
def test_progress_grows_part_by_part_to_the_end(
    watcher: Watcher, registered: Registered, gateway_url: str, kind: str, dialect: str, parts: int
) -> None:
    shop = next(one for one in registered.shops if one.gateway == "US")
    if dialect == "rest":
        in_rest(registered, shop, gateway_url)
    task = watcher.start(kind, shops=[shop.shop_name])
    assert (watcher.told(task)["progress"], watcher.told(task)["eta_seconds"]) == (0.0, None)
    seen = read_and_watch(watcher, registered, shop, f"ingest_{kind}", task)
    assert [one["progress"] for one in seen] == [round(min(n / parts, 0.99), 4) for n in range(1, parts + 1)]
    assert [len(one["parts"]) for one in seen] == list(range(1, parts + 1))
    assert all(one["eta_seconds"] >= 1 for one in seen)
    [(rows, calls)] = registered.rows("select sum(rows_read)::int, sum(calls)::int from ops.sync_tasks")
    assert (seen[-1]["counts"]["rows_read"], seen[-1]["counts"]["calls"]) == (rows, calls)
    assert rows > 0


def test_streams_of_a_second_gateway_are_parts_too(watcher: Watcher, registered: Registered) -> None:
    shop = next(one for one in registered.shops if one.gateway == "US")
    with_second_gateway(registered, shop)
    task = watcher.start("products", shops=[shop.shop_name])
    asyncio.run(_ended(watcher.url, shop, task, "products", {"rows_read": 1}))
    assert watcher.told(task)["progress"] == round(1 / 11, 4)


def test_a_refresh_of_an_order_has_a_part_for_each_stream_that_tells_about_it(
    watcher: Watcher, registered: Registered
) -> None:
    shop = next(one for one in registered.shops if one.gateway == "US")
    sync_shops(
        registered.url, settings=registered.settings, shops=[shop.shop_name], streams=["orders"], window=None,
        run_id="first", on_event=lambda _event: None,
    )  # fmt: skip
    [(order,)] = registered.rows("select parent_order_sn from raw_temu.orders limit 1")
    task = watcher.start(f"orders/{order}")
    refresh_orders(
        registered.url, settings=registered.settings, temu_shop_id=shop.temu_shop_id, parent_order_sns=[str(order)],
        run_id=task,
    )  # fmt: skip
    told = watcher.told(task)
    assert {part["stream"] for part in told["parts"]} == set(extent_of(_run(watcher, task)).streams)
    assert told["progress"] == 0.99
    assert [(item["item"], item["state"]) for item in told["items"]] == [(order, "ok")]


def _run(watcher: Watcher, task: str) -> Run:
    return Run(task, watcher.dagster.runs[task]["jobName"], "running", None, None, None, {})


async def _with(url: str, work: Callable[[AsyncConnection], Coroutine[Any, Any, object]]) -> None:
    async with await AsyncConnection.connect(url, autocommit=True) as conn:
        await work(conn)


async def _running(conn: AsyncConnection, shop: Shop, task: str, stream: str, counts: dict[str, int]) -> Any:
    row = await start_task(conn, shop_id=shop.id, stream=stream, mode="live", window=None, run_id=task)
    await tell_counts(conn, row, counts)
    return row


async def _ended(
    url: str, shop: Shop, task: str, stream: str, counts: dict[str, int], error: Exception | None = None
) -> None:
    async def work(conn: AsyncConnection) -> None:
        await finish_task(conn, await _running(conn, shop, task, stream, counts), counts, error=error)

    await _with(url, work)


def test_running_parts_count_and_a_failed_one_says_why(watcher: Watcher, registered: Registered) -> None:
    shop = registered.shops[0]
    task = watcher.start("products", shops=[shop.shop_name])
    asyncio.run(_ended(watcher.url, shop, task, "products", {"rows_read": 100, "rows_inserted": 7, "calls": 3}))
    asyncio.run(_with(watcher.url, lambda conn: _running(conn, shop, task, "activities", {"rows_read": 40})))
    running = watcher.told(task)
    assert running["state"] == "running"
    assert (running["counts"]["rows_read"], running["counts"]["rows_inserted"]) == (140, 7)
    assert [(part["stream"], part["state"], part["rows_read"]) for part in running["parts"]] == [
        ("products", "completed", 100),
        ("activities", "running", 40),
    ]
    asyncio.run(_ended(watcher.url, shop, task, "goods", {}, ValueError("token expired")))
    watcher.dagster.runs[task] |= {"status": "FAILURE", "endTime": time.time()}
    failed = watcher.told(task)
    assert (failed["state"], failed["progress"], failed["eta_seconds"]) == ("failed", 1.0, 0)
    assert [part["error"] for part in failed["parts"] if part["error"]] == ["token expired"]


def test_a_part_that_is_tried_again_has_not_ended(watcher: Watcher, registered: Registered) -> None:
    shop = next(one for one in registered.shops if one.gateway == "US")
    task = watcher.start("products", shops=[shop.shop_name])
    asyncio.run(_ended(watcher.url, shop, task, "products", {}, ValueError("no answer")))
    assert watcher.told(task)["progress"] == round(1 / 9, 4)
    asyncio.run(_with(watcher.url, lambda conn: _running(conn, shop, task, "products", {})))
    assert watcher.told(task)["progress"] == 0.0


def test_before_the_first_part_the_end_is_estimated_from_what_such_runs_usually_take(
    watcher: Watcher, registered: Registered
) -> None:
    shop = registered.shops[0]

    async def history(conn: AsyncConnection) -> None:
        about = {"shop_id": shop.id, "streams": ["orders"]}
        for number, seconds in enumerate((60.0, 100.0, 80.0)):
            await note_tasks(conn, **about, mode="live", window=None, run_id=f"earlier-{number}", seconds=seconds)
        day = Window(NOW - timedelta(days=1), NOW)
        await note_tasks(conn, **about, mode="window", window=day, run_id="a-backfill", seconds=5000)

    asyncio.run(_with(watcher.url, history))
    task = watcher.start("orders", started=30.0)
    assert 45 <= watcher.told(task)["eta_seconds"] <= 51
    watcher.dagster.runs[task] |= {"startTime": time.time() - 90}
    assert watcher.told(task)["eta_seconds"] is None, "it is over its time, and nothing has ended"


@pytest.mark.parametrize(
    ("done", "usual", "passed", "state", "expected"),
    [
        (0.25, 1000.0, 30, "running", 90),
        (0.25, None, 30, "running", 90),
        (0.99, 10.0, 30, "running", 1),
        (0.0, 80.0, 30, "running", 50),
        (0.0, 20.0, 30, "running", None),
        (0.0, None, 30, "running", None),
        (1.0, 80.0, 30, "completed", 0),
    ],
)
def test_the_pace_counts_more_than_the_past(
    done: float, usual: float | None, passed: float, state: str, expected: int | None
) -> None:
    assert eta_seconds(done, usual, NOW - timedelta(seconds=passed), NOW, state) == expected
