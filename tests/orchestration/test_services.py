"""The processes as `omni` starts them: code servers, web server and daemon, driven through GraphQL like the UI does."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from orchestration.cli.environment import prepare_dagster_home
from orchestration.cli.manifest import prepare_manifest
from orchestration.cli.services import dagster_services
from orchestration.cli.stack import Stack
from orchestration.launch import Cells, DagsterClient
from orchestration.names import INGEST_ORDERS
from tests.orchestration.registered import Registered

pytestmark = pytest.mark.services

BACKFILL = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on Error { message }
  }
}"""

BACKFILL_STATUS = """
query BackfillStatus($id: String!) {
  partitionBackfillOrError(backfillId: $id) { __typename ... on PartitionBackfill { status } }
}"""

TODAY = datetime.now(UTC).date()


@pytest.fixture
def dagster(registered: Registered) -> Iterator[DagsterClient]:
    """All four processes on the test's own database."""
    stack = Stack(registered.settings)
    try:
        stack.start_database()
        yield DagsterClient(stack.start_dagster(), timeout_seconds=60)
    finally:
        stack.stop()


def test_a_location_that_could_not_be_reached_is_loaded_as_soon_as_it_serves(registered: Registered) -> None:
    stack = Stack(registered.settings)
    try:
        stack.start_database()
        environment = stack.pipeline_environment()
        prepare_dagster_home(stack.settings)
        prepare_manifest(environment)
        ingest, transform, web, _ = dagster_services(stack.settings, stack.ports, environment)
        stack.start(transform)
        stack.start(replace(web, is_well=lambda: _answers(web.url)))
        client = DagsterClient(web.url)
        assert not client.has_loaded_locations()
        stack.start(ingest)
        wait_for(client.has_loaded_locations, seconds=60)
    finally:
        stack.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def launch_backfill(dagster: DagsterClient, assets: list[list[str]], partitions: list[str]) -> str:
    """What the button of the UI launches for these assets and cells; returns its id."""
    params = {"assetSelection": [{"path": path} for path in assets], "partitionNames": partitions}
    return str(dagster.ask(BACKFILL, {"params": params})["launchPartitionBackfill"]["backfillId"])


def status_of(dagster: DagsterClient, backfill: str) -> str:
    """REQUESTED, COMPLETED_SUCCESS, COMPLETED_FAILED, FAILED, CANCELED …"""
    return str(dagster.ask(BACKFILL_STATUS, {"id": backfill})["partitionBackfillOrError"]["status"])


def wait_for(what: Callable[[], bool], *, seconds: float) -> None:
    """Poll until it is so; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(1)


def test_live_run_rectangle_and_backfill_through_the_web_server(dagster: DagsterClient, registered: Registered) -> None:
    told: list[str] = []
    live = dagster.run(INGEST_ORDERS, tell=told.append)
    assert live.succeeded, live.message
    assert live.materialized >= len(registered.shops)
    for name in registered.names:
        assert any(name in line and "orders" in line for line in told)
    before = registered.rows("select * from raw_temu.orders order by 1, 2")
    watermarks = registered.rows("select shop_id, stream, watermark from ops.watermarks order by 1, 2")

    first, last = registered.names[0], registered.names[-1]
    rectangle = dagster.run(INGEST_ORDERS, cells=Cells(TODAY - timedelta(3), TODAY - timedelta(2), first, last))
    assert rectangle.succeeded, rectangle.message
    days = [TODAY - timedelta(4), TODAY - timedelta(5)]
    backfill = launch_backfill(
        dagster,
        [["raw_temu", "orders"], ["raw_temu", "order_amounts"]],
        [f"{day}|{name}" for day in days for name in (first, last)],
    )
    wait_for(lambda: status_of(dagster, backfill) != "REQUESTED", seconds=240)
    assert status_of(dagster, backfill) == "COMPLETED_SUCCESS"
    assert registered.rows("select * from raw_temu.orders order by 1, 2") == before
    assert registered.rows("select shop_id, stream, watermark from ops.watermarks order by 1, 2") == watermarks
