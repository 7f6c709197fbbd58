"""What every kind of reading leaves behind for those who watch: whole task rows, running totals, one line per call."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.contextvars import get_contextvars

from connectors.logs import configure_logs
from connectors.records import Window
from connectors.sync import recount, refresh_orders, replay
from tests.connectors.sync.conftest import NOW, Desk, Gateway

PROBE = "bg.open.accesstoken.info.get"
MIDNIGHT = datetime.fromtimestamp(NOW, UTC).replace(hour=0, minute=0, second=0)
DAY = Window(MIDNIGHT - timedelta(days=1), MIDNIGHT)
COUNTS = "rows_read, rows_inserted, rows_updated, rows_unchanged, rows_dead_lettered, rows_not_ready"
TASK = f"""
    select mode, status, run_id, calls, retries, {COUNTS}, window_start, window_end, error_class, error_message,
        finished_at >= started_at as is_timed
    from ops.sync_tasks where stream = %s and mode = %s
"""


def _task(desk: Desk, mode: str, stream: str = "orders") -> dict[str, object]:
    names = f"mode, status, run_id, calls, retries, {COUNTS}, window_start, window_end, error_class, error_message"
    [row] = desk.query(TASK, stream, mode)
    return dict(zip([*names.split(", "), "is_timed"], row, strict=True))


def _live(desk: Desk) -> None:
    desk.sync(streams=["orders"])


def _backfill(desk: Desk) -> None:
    desk.sync(streams=["orders"], window=DAY)


def _refresh(desk: Desk) -> None:
    desk.sync(streams=["orders"])
    sns = [sn for (sn,) in desk.query("select parent_order_sn from raw_temu.orders limit 2")]
    shop = desk.shops[0].temu_shop_id
    refresh_orders(desk.url, settings=desk.settings, temu_shop_id=shop, parent_order_sns=sns, run_id="refresh-1")


def _recount(desk: Desk) -> None:
    desk.sync(streams=["orders"])
    recount(desk.url, settings=desk.settings, shops=None, first=None, last=None, run_id="recount-1")


def _spoilt(desk: Desk, gateway: Gateway) -> None:
    """One order that cannot be typed is set aside."""
    gateway.faults({"kind": "retyped_field", "type": "bg.order.list.v2.get", "after": 0, "count": 1})
    desk.sync(streams=["orders"])
    gateway.faults()


@pytest.mark.parametrize(
    ("work", "mode", "run", "has_window"),
    [
        (_live, "live", "run-1", True),
        (_backfill, "window", "run-1", True),
        (_refresh, "refresh", "refresh-1", False),  # named records have no window
        (_recount, "recount", "recount-1", True),
    ],
)
def test_the_task_row_of_each_kind_of_reading_is_whole(open_desk, work, mode: str, run: str, has_window: bool) -> None:
    desk = open_desk(only=1)
    work(desk)
    task = _task(desk, mode)
    assert (task["status"], task["run_id"], task["is_timed"]) == ("completed", run, True)
    assert task["calls"] > 0
    # Where no other call came before, the task's first one learns that the stopped clock of this gateway is not ours.
    assert (task["retries"], task["error_class"]) == (int(mode in ("refresh", "recount")), None)
    assert (task["window_start"] is not None, task["window_end"] is not None) == (has_window, has_window)
    counted = [task[name] for name in COUNTS.split(", ")]
    assert counted[0] == sum(counted[1:])
    assert (counted[0] > 0) == (mode != "recount")  # equal counts read nothing again


def test_a_replay_has_a_task_and_tells_of_each_letter(open_desk, gateway: Gateway) -> None:
    desk = open_desk(only=1)
    _spoilt(desk, gateway)
    [(letter,)] = desk.query("select id from ops.dead_letters")
    replay(desk.url, settings=desk.settings, run_id="replay-1", follow=False)
    task = _task(desk, "replay")
    assert (task["status"], task["run_id"], task["rows_read"]) == ("completed", "replay-1", 1)
    items = desk.query("select item_key, status from ops.sync_logs where run_id = 'replay-1'")
    assert [key for key, _ in items] == [f"dead letter {letter}"]
    assert task["rows_dead_lettered"] == sum(status == "failed" for _, status in items)
    assert desk.query("select count(*) from ops.sync_tasks where status = 'running'") == [(0,)]


def test_a_record_set_aside_is_told_once_per_run_also_when_its_task_failed(open_desk, gateway: Gateway) -> None:
    desk = open_desk(only=1)
    _spoilt(desk, gateway)
    task = "select t.stream, t.status from ops.sync_logs l join ops.sync_tasks t on t.id = l.task_id"
    assert desk.query(task) == [("orders", "completed")]


def test_a_shop_that_cannot_be_asked_leaves_a_failed_task_for_every_stream(open_desk, gateway: Gateway) -> None:
    desk = open_desk(only=2)
    gateway.faults({"kind": "token_expired", "shop": desk.shops[0].temu_shop_id})
    desk.sync(streams=["orders", "products"])
    query = "select stream, status, error_class, run_id from ops.sync_tasks where shop_id = %s order by 1"
    told = [(stream, "failed", "ShopAuthError", "run-1") for stream in ("orders", "products")]
    assert desk.query(query, desk.shops[0].id) == told
    assert {status for _, status, *_ in desk.query(query, desk.shops[1].id)} == {"completed"}
    refused = desk.query("select api_type, code, calls from ops.call_totals where shop_id = %s", desk.shops[0].id)
    # Its first call learns the gateway's clock, the repeated one is refused.
    assert sorted(refused) == [(PROBE, "3000011", 1), (PROBE, "3000034", 1)]


def test_repeated_calls_are_retries_of_their_task_and_keep_their_codes(open_desk, gateway: Gateway) -> None:
    desk = open_desk(only=1)
    gateway.faults({"kind": "system_error", "type": "bg.order.list.v2.get", "count": 1})
    desk.sync(streams=["orders"])
    assert _task(desk, "live")["retries"] == 1
    codes = dict(
        desk.query("select code, sum(calls)::int from ops.call_totals where api_type like '%%order.list%%' group by 1")
    )
    assert codes.pop("4000000") == 1
    assert codes["1000000"] == _task(desk, "live")["calls"] - 1


def test_totals_say_what_all_tasks_and_calls_say_together(open_desk) -> None:
    desk = open_desk(only=2)
    for _ in range(2):
        desk.sync(streams=["orders", "products"])
    names = f"calls, retries, {COUNTS}"
    sums = ", ".join(f"sum({name})::bigint" for name in names.split(", "))
    by_task = (
        f"select shop_id, stream, mode, status, count(*), {sums} from ops.sync_tasks group by 1, 2, 3, 4 order by 1, 2"
    )
    kept = f"select shop_id, stream, mode, status, tasks, {names} from ops.task_totals order by 1, 2"
    assert desk.query(kept) == desk.query(by_task)
    [(calls,)] = desk.query("select sum(calls)::bigint from ops.call_totals")
    [(of_tasks,)] = desk.query("select sum(calls) from ops.sync_tasks")
    [(probes,)] = desk.query("select sum(calls)::bigint from ops.call_totals where api_type = %s", PROBE)
    assert calls == of_tasks + probes
    assert probes >= 2 * len(desk.shops)
    [(slots,)] = desk.query("select sum(value::int) from ops.app_quota, jsonb_each_text(lane_slots)")
    assert slots == calls


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, object]]]:
    """Log lines as they leave the process at debug, parsed."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    configure_logs("debug")
    return lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]


def test_each_call_is_a_line_with_run_shop_stream_operation_request_latency_and_code(open_desk, gateway, lines) -> None:
    desk = open_desk(only=2)
    gateway.faults({"kind": "system_error", "type": "bg.order.list.v2.get", "count": 1})
    desk.sync(streams=["orders", "products"])
    calls = [line for line in lines() if line["event"] == "temu call"]
    [(slots,)] = desk.query("select sum(value::int) from ops.app_quota, jsonb_each_text(lane_slots)")
    assert len(calls) == slots
    for line in calls:
        assert line["run"] == "run-1"
        assert line["shop"] in {shop.shop_name for shop in desk.shops}
        assert str(line["request_id"]).count("-") >= 4
        assert line["latency_ms"] > 0
        assert (line["level"], line["mode"]) == ("debug" if line["code"] == "1000000" else "info", "live")
        assert line["stream"] == (
            None if line["api_type"] == PROBE else "orders" if "order" in line["api_type"] else "products"
        )
    assert {line["code"] for line in calls} == {"1000000", "3000011", "4000000"}
    assert {line["shop"] for line in calls} == {shop.shop_name for shop in desk.shops}
    assert get_contextvars() == {}


def test_the_line_of_a_shop_that_cannot_begin_carries_its_run(open_desk, gateway, lines) -> None:
    desk = open_desk(only=1)
    gateway.faults({"kind": "token_expired"})
    desk.sync(streams=["orders"])
    [failed] = [line for line in lines() if line["event"] == "stream failed"]
    assert (failed["run"], failed["mode"], failed["shop"]) == ("run-1", "live", desk.shops[0].shop_name)


def test_no_line_of_a_sync_carries_a_secret(open_desk, gateway, lines) -> None:
    desk = open_desk(only=2)
    gateway.faults({"kind": "token_expired", "shop": desk.shops[0].temu_shop_id})
    desk.sync(streams=["orders"])
    text = json.dumps(lines())
    for row in gateway.shops():
        assert str(row["access_token"]) not in text
        assert str(row["app_secret"]) not in text
