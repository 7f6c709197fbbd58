"""What a backfill is said to cost, against what it then costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConfigurationError
from connectors.postgres.lanes import RULES, Lane
from connectors.records import Window
from connectors.sync import SyncReport, quote_backfill
from tests.connectors.sync.conftest import NOW, Desk

END = datetime.fromtimestamp(NOW, UTC).replace(hour=0, minute=0, second=0)
DAYS = Window(END - timedelta(days=2), END)


def _by_stream(desk: Desk, window: Window = DAYS, **choice: object):
    asked = {"shops": [desk.shops[0].shop_name], "streams": ["orders", "order_amounts"], **choice}
    return {one.stream: one for one in quote_backfill(desk.url, settings=desk.settings, window=window, **asked)}


def test_a_shop_without_a_past_is_asked_for_one_count_which_the_backfill_then_meets(desk: Desk) -> None:
    quoted = _by_stream(desk)
    name = desk.shops[0].shop_name
    read = desk.sync(shops=[name], streams=["orders", "order_amounts"], window=DAYS)
    reports = {one.stream: one for one in read if isinstance(one, SyncReport)}
    assert {one.basis for one in quoted.values()} == {"platform count"}
    assert quoted["orders"].rows == reports["orders"].read > 0
    assert reports["orders"].calls <= quoted["orders"].calls <= reports["orders"].calls + 1
    assert quoted["order_amounts"].calls == reports["order_amounts"].calls


def test_a_shop_with_a_past_is_quoted_by_its_longest_window_even_while_its_gateway_is_away(desk: Desk) -> None:
    name = desk.shops[0].shop_name
    desk.sync(shops=[name], streams=["orders", "order_amounts"], window=DAYS)
    desk.sync(shops=[name], streams=["orders", "order_amounts"], window=DAYS)
    desk.execute("update ops.shops set gateway_url = 'http://127.0.0.1:9/away'")
    first = dict(desk.query("select stream, calls from ops.sync_tasks where run_id = 'run-1'"))
    quoted = _by_stream(desk, Window(END - timedelta(days=6), END))
    assert {one.basis for one in quoted.values()} == {"history"}
    assert {stream: one.calls for stream, one in quoted.items()} == {name: 3 * calls for name, calls in first.items()}


def test_minutes_count_what_others_used_of_the_quota_in_the_last_day(desk: Desk) -> None:
    shop = desk.shops[0]
    desk.sync(shops=[shop.shop_name], streams=["orders", "order_amounts"], window=DAYS)
    desk.execute("update ops.sync_tasks set calls = 1200 where stream = 'order_amounts'")
    desk.execute("update ops.app_quota set calls_per_second = 20")
    assert _by_stream(desk)["order_amounts"].minutes == 1.0
    desk.execute(
        "insert into ops.sync_tasks (id, shop_id, stream, mode, status, calls, run_id)"
        " values (gen_random_uuid(), %s, 'orders', 'live', 'completed', 864000, 'busy')", shop.id,
    )  # fmt: skip
    assert _by_stream(desk)["order_amounts"].minutes == 2.0
    desk.execute("update ops.sync_tasks set calls = 8640000 where run_id = 'busy'")
    assert _by_stream(desk)["order_amounts"].minutes == pytest.approx(1 / RULES[Lane.BACKFILL].share)


def test_what_nobody_can_know_is_not_quoted_as_nothing(desk: Desk) -> None:
    desk.execute("update ops.shops set gateway_url = 'http://127.0.0.1:9/away'")
    quoted = _by_stream(desk, streams=None)
    assert {(one.basis, one.calls, one.rows, one.minutes) for one in quoted.values()} == {("unknown", None, None, None)}


def test_a_stream_that_has_no_days_is_refused_by_name(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="products"):
        _by_stream(desk, streams=["products"])
