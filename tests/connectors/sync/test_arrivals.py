"""What readings teach: how late rows come, how far the next one reaches back, and when an empty one is suspicious."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.records import Window
from connectors.sync import SyncReport


def _watermark(desk) -> datetime:
    [(mark,)] = desk.query("select watermark from ops.watermarks where stream = 'orders'")
    return mark


def _lateness(desk) -> dict[int, int]:
    return dict(
        desk.query("select late_seconds, sum(arrived)::int from ops.lateness where stream = 'orders' group by 1")
    )


@pytest.fixture
def desk(open_desk):
    """A desk with one shop whose orders were read once."""
    desk = open_desk(only=1)
    [report] = desk.sync(streams=["orders"])
    assert isinstance(report, SyncReport)
    return desk


def test_the_first_reading_measures_nothing_and_news_are_on_time(desk, gateway) -> None:
    assert _lateness(desk) == {}
    gateway.advance(hours=8)
    [report] = desk.sync(streams=["orders"])
    assert _lateness(desk) == {0: report.inserted + report.updated}
    desk.sync(streams=["orders"])
    assert _lateness(desk) == {0: report.inserted + report.updated}


def test_a_row_that_came_after_the_watermark_had_passed_is_counted_with_its_lateness(desk, gateway) -> None:
    [(sn, updated)] = desk.query(
        "select parent_order_sn, source_updated_at from raw_temu.orders"
        " where source_updated_at < (select max(source_updated_at) from raw_temu.orders) - interval '3 hours'"
        " order by 2 desc limit 1"
    )
    desk.execute("delete from raw_temu.orders where parent_order_sn = %s", sn)
    late = (_watermark(desk) - updated).total_seconds()
    assert late < 172_800
    now = datetime.fromtimestamp(gateway.sandbox.now(), UTC)
    desk.sync(streams=["orders"], window=Window(now - timedelta(days=2), now))
    [(bucket, arrived)] = _lateness(desk).items()
    assert arrived == 1
    assert late <= bucket <= 2 * late


def test_the_next_live_window_reaches_back_as_far_as_rows_were_late(desk) -> None:
    mark = _watermark(desk)
    [usual] = desk.sync(streams=["orders"])
    assert usual.window.start == mark - timedelta(minutes=30)
    desk.execute(
        "insert into ops.lateness values (%s, 'orders', current_date, 0, 9000), (%s, 'orders', current_date, 5400, 90)",
        desk.shops[0].id,
        desk.shops[0].id,
    )
    [wider] = desk.sync(streams=["orders"])
    assert wider.window.start == mark - timedelta(seconds=5400)
    [amounts] = [one for one in desk.sync(streams=["order_amounts"]) if one.stream == "order_amounts"]
    assert amounts.window is not None
    [again] = desk.sync(streams=["order_amounts"])
    [(asked,)] = desk.query("select watermark from ops.watermarks where stream = 'order_amounts'")
    assert again.window.start == asked - timedelta(seconds=5400)


def _give_history(desk, *weeks: int, rows: int) -> None:
    """Rows in the hour after the watermark of earlier weeks."""
    for week in weeks:
        desk.execute(
            "insert into raw_temu.orders (shop_id, parent_order_sn, source_updated_at, payload, payload_hash, run_id)"
            " select w.shop_id, format('PO-%%s-%%s', %s, n), w.watermark - %s * interval '7 days' + n * interval '1 s',"
            " '{}', '', 'history' from ops.watermarks w, generate_series(1, %s) as n where w.stream = 'orders'",
            week,
            week,
            rows,
        )


def test_nothing_new_where_the_same_hours_usually_bring_many_is_a_warning_and_moves_nothing(desk, gateway) -> None:
    _give_history(desk, 1, 2, 3, 4, rows=8)
    _give_history(desk, 5, rows=1)
    mark = _watermark(desk)
    gateway.sandbox.world.shops[0].book.updated_between = lambda *_: []
    gateway.advance(hours=1)
    [report] = desk.sync(streams=["orders"])
    assert report.read == 0
    assert "nothing new in" in report.warning
    assert "8, 8, 8, 8" in report.warning
    assert report.warning in str(report)
    assert _watermark(desk) == mark
    assert desk.query("select warning from ops.sync_tasks where warning is not null") == [(report.warning,)]


def test_a_quiet_hour_that_is_always_quiet_is_no_warning(desk, gateway) -> None:
    _give_history(desk, 1, 3, rows=8)
    _give_history(desk, 5, rows=1)
    gateway.sandbox.world.shops[0].book.updated_between = lambda *_: []
    gateway.advance(hours=1)
    [report] = desk.sync(streams=["orders"])
    assert (report.read, report.warning) == (0, None)


def test_a_catalogue_that_is_empty_all_at_once_is_a_warning_and_what_is_stored_stays(desk, gateway) -> None:
    [before] = desk.sync(streams=["products"])
    assert before.warning is None
    stored = desk.query("select count(*) from raw_temu.products")
    gateway.sandbox.world.shops[0].shelves.clear()
    [report] = desk.sync(streams=["products"])
    assert report.read == 0
    assert f"it listed {before.read}" in report.warning
    assert desk.query("select count(*) from raw_temu.products") == stored


def test_packages_that_are_all_shipped_are_no_warning(desk, gateway) -> None:
    desk.sync(streams=["unshipped_packages"])
    desk.execute("update ops.sync_tasks set rows_read = 50 where stream = 'unshipped_packages'")
    gateway.sandbox.world.shops[0].book.placed_between = lambda *_: []
    [report] = desk.sync(streams=["unshipped_packages"])
    assert (report.read, report.warning) == (0, None)


def test_in_the_other_dialect_the_watermark_stays_at_the_newest_order_too_and_silence_is_told(desk, gateway) -> None:
    desk.execute("truncate raw_temu.orders, ops.watermarks")
    address = f"{gateway.url}/US"
    desk.execute("update ops.shops set dialect = 'rest', gateway_url = %s where id = %s", address, desk.shops[0].id)
    desk.sync(streams=["orders"])
    mark = _watermark(desk)
    assert desk.query("select max(order_time) from raw_temu.orders") == [(mark,)]
    _give_history(desk, 1, 2, 3, 4, rows=8)
    _give_history(desk, 5, rows=1)
    gateway.advance(hours=1)
    by_sn = gateway.sandbox.world.shops[0].book.by_sn
    for sn in [sn for sn, order in by_sn.items() if order.placed > mark.timestamp()]:
        del by_sn[sn]
    [report] = desk.sync(streams=["orders"])
    assert (report.inserted, _watermark(desk)) == (0, mark)
    assert "nothing new in" in report.warning
