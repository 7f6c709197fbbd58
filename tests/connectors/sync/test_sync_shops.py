"""All streams of all shops against the sandbox gateway, without and with trouble."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from connectors.errors import (
    AppError,
    ConfigurationError,
    ShopAuthError,
    ShopSuspendedError,
    TransientError,
)
from connectors.records import Window
from connectors.sync import SyncFailure, SyncProgress, SyncReport, check_shop, refresh_orders, sync_shops, writers
from connectors.temu.entities import Entity, Rows
from connectors.temu.patience import RetryPolicy
from connectors.temu.streams import STREAMS


def _failures(outcomes: list[object]) -> list[SyncFailure]:
    return [one for one in outcomes if isinstance(one, SyncFailure)]


def _reports(outcomes: list[object]) -> dict[tuple[str, str], SyncReport]:
    return {(one.shop_name, one.stream): one for one in outcomes if isinstance(one, SyncReport)}


def _only_of_nothing(_entity: Entity, payloads: list[bytes], **_how: object) -> Rows:
    assert payloads == []
    return Rows()


def _offered(desk: object) -> set[tuple[str, str]]:
    """Shop and stream, where the shop's gateway has the stream at all."""
    return {
        (shop.shop_name, name)
        for shop in desk.shops
        for name, stream in STREAMS.items()
        if stream.is_offered_to(shop.gateway)
    }


def _only(fault: str, shop: object = None, **more: object) -> dict[str, object]:
    return {"kind": fault, **({"shop": shop} if shop else {}), **more}


def test_every_stream_of_every_shop_lands_what_the_platform_has(desk, gateway) -> None:
    outcomes = desk.sync()
    assert _failures(outcomes) == []
    assert set(_reports(outcomes)) == {
        (shop.shop_name, name)
        for shop in desk.shops
        for name, stream in STREAMS.items()
        if stream.is_offered_to(shop.gateway)
    }
    for shop, live in zip(desk.shops, gateway.sandbox.world.shops, strict=True):
        landed = {sn for (sn,) in desk.query("select parent_order_sn from raw_temu.orders where shop_id = %s", shop.id)}
        assert landed == {sn for _, sn in live.book.updated_between(0, gateway.sandbox.now() - 1)}
    for table in ("order_amounts", "shipments", "products", "product_snapshots", "activities", "activity_goods"):
        assert desk.query(f"select count(*) from raw_temu.{table}")[0][0] > 0, table
    assert desk.query("select count(*) from ops.dead_letters") == [(0,)]


def test_counts_of_a_report_add_up_and_stand_in_its_task_row(desk) -> None:
    for report in _reports(desk.sync()).values():
        assert report.read == report.inserted + report.updated + report.unchanged + report.stale + report.dead_lettered
        [row] = desk.query(
            "select status, mode, calls, rows_read, rows_inserted from ops.sync_tasks"
            " where shop_id = %s and stream = %s",
            report.shop_id,
            report.stream,
        )
        assert row == ("completed", "live", report.calls, report.read, report.inserted)


def test_a_shop_remembers_when_it_was_read_last(open_desk, gateway) -> None:
    desk = open_desk(only=2)
    gateway.faults(_only("token_expired", desk.shops[0].temu_shop_id))
    desk.sync(streams=["products"])
    dated = desk.query("select shop_name from ops.shops where last_sync_at is not null")
    assert dated == [(desk.shops[1].shop_name,)]


def test_a_second_run_changes_nothing_and_costs_few_calls(desk) -> None:
    first = desk.sync()
    before = desk.contents()
    second = desk.sync()
    assert desk.contents() == before
    assert sum(one.inserted + one.updated for one in second) == 0
    assert sum(one.calls for one in second) < sum(one.calls for one in first) / 3


def test_a_window_that_is_stored_is_recognised_without_reading_its_orders(desk, monkeypatch) -> None:
    [first, *_] = desk.sync(streams=["orders"])
    before = desk.contents()
    monkeypatch.setattr(Entity, "rows", _only_of_nothing)
    again = desk.sync(streams=["orders"], window=first.window)
    assert _failures(again) == []
    assert sum(one.unchanged for one in again) == sum(one.read for one in again) > 0
    assert desk.contents() == before


def test_an_order_that_differs_from_what_is_stored_is_read_among_those_that_do_not(desk) -> None:
    [first, *_] = desk.sync(streams=["orders"])
    before = desk.contents()
    with psycopg.connect(desk.url) as connection:
        connection.execute(
            "update raw_temu.orders set payload = '{}', payload_hash = 'x', status = 0 where (shop_id, parent_order_sn)"
            " in (select shop_id, min(parent_order_sn) from raw_temu.orders group by shop_id)"
        )
    again = desk.sync(streams=["orders"], window=first.window)
    assert [one.updated for one in again] == [1] * len(again)
    assert desk.contents() | {"order_versions": []} == before


def test_news_are_read_on_from_the_watermark_and_old_states_are_kept(desk, gateway) -> None:
    desk.sync()
    gateway.advance(hours=8)
    outcomes = desk.sync()
    assert _failures(outcomes) == []
    orders = [report for (_, stream), report in _reports(outcomes).items() if stream == "orders"]
    assert sum(report.updated for report in orders) > 0
    assert desk.query("select count(*) from raw_temu.order_versions")[0][0] == sum(one.updated for one in orders)
    [(behind,)] = desk.query(
        "select count(*) from raw_temu.order_amounts a join raw_temu.orders o using (shop_id, parent_order_sn)"
        " where a.source_updated_at < o.source_updated_at"
    )
    pending = sum(report.pending for report in _reports(outcomes).values())
    assert behind <= pending


def test_the_watermark_is_the_newest_stored_update(desk) -> None:
    desk.sync(streams=["orders"])
    marks = dict(desk.query("select shop_id, watermark from ops.watermarks where stream = 'orders'"))
    newest = dict(desk.query("select shop_id, max(source_updated_at) from raw_temu.orders group by 1"))
    assert marks == newest


def test_a_backfill_reads_its_window_only_and_leaves_the_watermark_alone(desk, gateway) -> None:
    day = datetime.fromtimestamp(gateway.sandbox.now(), UTC).date() - timedelta(days=1)
    window = Window.of_day(day)
    outcomes = desk.sync(window=window, streams=["orders", "order_amounts"])
    assert _failures(outcomes) == []
    [(outside,)] = desk.query(
        "select count(*) from raw_temu.orders where source_updated_at < %s or source_updated_at >= %s",
        window.start,
        window.end,
    )
    assert outside == 0
    assert desk.query("select count(*) from raw_temu.orders")[0][0] > 0
    assert desk.query("select count(*) from ops.watermarks") == [(0,)]


def test_day_by_day_backfills_give_the_same_orders_as_one_live_read(open_desk, gateway) -> None:
    live, piecewise = open_desk(only=2), open_desk(only=2)
    live.sync(streams=["orders", "after_sales"])
    now = datetime.fromtimestamp(gateway.sandbox.now(), UTC)
    for days in (0, 3, 1, 4, 2, 5, 6):
        day = now.date() - timedelta(days=days)
        piecewise.sync(streams=["orders", "after_sales"], window=Window.of_day(day))
    assert piecewise.contents() == live.contents()


def test_progress_is_told_with_growing_counts(desk) -> None:
    told: list[SyncProgress] = []
    sync_shops(
        desk.url, settings=desk.settings, shops=None, streams=["orders"], window=None, run_id="r",
        on_event=lambda _event: None, on_progress=told.append,
    )  # fmt: skip
    assert told
    assert all(one.stream == "orders" and one.read > 0 for one in told)


def test_a_record_of_another_type_is_set_aside_and_its_page_lands(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    gateway.faults(_only("retyped_field", type="bg.order.list.v2.get", count=1))
    [report] = desk.sync(streams=["orders"])
    assert report.dead_lettered == 1
    assert report.read == report.inserted + 1
    [(stream, path, payload)] = desk.query("select stream, field_path, payload from ops.dead_letters")
    assert (stream, path) == ("orders", "parentOrderMap.parentOrderSn")
    assert json.loads(payload)["orderList"]


@pytest.mark.parametrize("broken", [lambda _conn: None, lambda conn: conn.pgconn.finish()], ids=["bug", "lost"])
def test_a_leaf_that_cannot_be_stored_fails_its_stream_and_no_other(
    open_desk, monkeypatch: pytest.MonkeyPatch, broken: Callable[[object], None]
) -> None:
    original = writers.load_records

    async def fail_for_orders(conn, table, *args, **options):
        if table.name == "orders":
            broken(conn)
            raise ZeroDivisionError("a bug")
        return await original(conn, table, *args, **options)

    monkeypatch.setattr(writers, "load_records", fail_for_orders)
    desk = open_desk(only=1)
    outcomes = desk.sync(streams=["orders", "after_sales", "products", "activities"])
    [failure] = _failures(outcomes)
    assert (failure.stream, failure.stopped) == ("orders", ())
    assert {stream for _, stream in _reports(outcomes)} == {"after_sales", "products", "activities"}
    assert desk.query("select status, error_class from ops.sync_tasks where stream = 'orders'")[0][0] == "failed"
    assert desk.query("select count(*) from ops.watermarks where stream = 'orders'") == [(0,)]


def test_an_expired_token_stops_its_shop_with_one_message_and_no_other(desk, gateway) -> None:
    victim = desk.shops[1]
    gateway.faults(_only("token_expired", victim.temu_shop_id))
    outcomes = desk.sync()
    [failure] = _failures(outcomes)
    assert isinstance(failure.error, ShopAuthError)
    assert victim.shop_name in failure.message
    assert "authorise" in failure.remedy
    assert len(failure.stopped) == len(STREAMS) - 1
    assert {shop for shop, _ in _reports(outcomes)} == {shop.shop_name for shop in desk.shops} - {victim.shop_name}


def test_a_token_that_expires_in_the_middle_keeps_what_was_stored(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    gateway.faults(_only("token_expired", after=8))
    [failure] = _failures(desk.sync())
    assert failure.stream == "order_amounts"
    names = [name for name, stream in STREAMS.items() if stream.is_offered_to(desk.shops[0].gateway)]
    assert failure.stopped == tuple(names[names.index("order_amounts") + 1 :])
    gateway.faults()
    assert _failures(desk.sync()) == []
    plain = open_desk(only=1)
    plain.sync()
    assert desk.contents() == plain.contents()


def test_a_wrong_app_secret_names_shop_and_remedy_and_the_others_load(open_desk) -> None:
    spoilt: list[str] = []

    def spoil(row: dict[str, object]) -> None:
        if not spoilt or spoilt[0] == row["app_key"]:
            spoilt[:] = [str(row["app_key"])]
            row["app_secret"] = "0" * 40

    desk = open_desk(change=spoil)
    victims = {shop.shop_name for shop in desk.shops if shop.app_key == spoilt[0]}
    outcomes = desk.sync(streams=["orders"])
    failures = _failures(outcomes)
    assert {failure.shop_name for failure in failures} == victims
    for failure in failures:
        assert isinstance(failure.error, AppError)
        assert failure.shop_name in failure.message
        assert "app secret" in failure.remedy
        assert "0" * 40 not in str(failure)
    assert {shop for shop, _ in _reports(outcomes)} == {shop.shop_name for shop in desk.shops} - victims


def test_a_mistyped_secret_of_one_shop_stops_no_other_shop_of_its_app(open_desk) -> None:
    def share(row: dict[str, object]) -> None:
        keys.setdefault(str(row["app_key"]), []).append(row)

    keys: dict[str, list[dict[str, object]]] = {}
    open_desk(change=share)
    twins = next(rows for rows in keys.values() if len(rows) > 1)
    mistyped = twins[0]["shop_name"]

    def mistype(row: dict[str, object]) -> None:
        if row["shop_name"] == mistyped:
            row["app_secret"] = "0" * 40

    desk = open_desk(change=mistype)
    outcomes = desk.sync(streams=["orders", "products"])
    assert {failure.shop_name for failure in _failures(outcomes)} == {mistyped}
    assert {shop for shop, _ in _reports(outcomes)} == {shop.shop_name for shop in desk.shops} - {mistyped}


def test_an_unreachable_gateway_names_shop_and_remedy_and_the_others_load(open_desk) -> None:
    def unplug(row: dict[str, object]) -> None:
        if row["gateway"] == "EU":
            row["gateway_url"] = "http://127.0.0.1:9/EU/openapi/router"

    desk = open_desk(change=unplug)
    outcomes = desk.sync(streams=["orders", "products"])
    failures = _failures(outcomes)
    assert {failure.shop_name for failure in failures} == {s.shop_name for s in desk.shops if s.gateway == "EU"}
    for failure in failures:
        assert isinstance(failure.error, TransientError)
        assert "gateway address" in failure.remedy
        assert failure.stopped == ("products",)
    assert len(_reports(outcomes)) == 2 * (len(desk.shops) - len(failures))


def test_an_operation_that_the_token_lacks_is_skipped_and_told_once(desk, gateway) -> None:
    outcomes = desk.sync(streams=["orders", "order_amounts", "products"])
    forbidden = [report for report in _reports(outcomes).values() if report.forbidden]
    assert {report.stream for report in forbidden} == {"order_amounts"}
    for report in forbidden:
        assert report.calls == 1
        assert "Seller Center" in report.forbidden
        assert (report.shop_name, "products") in _reports(outcomes)


def test_amounts_that_are_not_ready_are_asked_for_again_by_the_next_run(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    gateway.faults(_only("amounts_calculating", rate=0.5))
    report = _reports(desk.sync())[desk.shops[0].shop_name, "order_amounts"]
    assert report.pending > 0
    gateway.faults()
    again = _reports(desk.sync())[desk.shops[0].shop_name, "order_amounts"]
    plain = open_desk(only=1)
    really_pending = _reports(plain.sync())[desk.shops[0].shop_name, "order_amounts"].pending
    assert again.pending == really_pending
    assert desk.contents() == plain.contents()


def test_named_orders_are_refreshed_with_their_money_and_the_watermark_stays(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    desk.sync()
    marks = desk.query("select stream, watermark from ops.watermarks order by 1")
    gateway.advance(hours=6)
    now = datetime.fromtimestamp(gateway.sandbox.now(), UTC)
    other = open_desk(only=1)
    other.sync(streams=["orders"], window=Window(now - timedelta(hours=6), now))
    changed = [sn for (sn,) in other.query("select parent_order_sn from raw_temu.orders order by 1")][:3]
    shop = desk.shops[0]
    report = refresh_orders(
        desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id,
        parent_order_sns=[*changed, changed[0], "PO-211-00000000000000000"], run_id="hook",
    )  # fmt: skip
    assert (report.read, report.mode, report.stream) == (len(changed), "refresh", "orders")
    assert report.inserted + report.updated == len(changed)
    assert desk.query("select stream, watermark from ops.watermarks order by 1") == marks
    query = "select parent_order_sn, source_updated_at from raw_temu.orders where parent_order_sn = any(%s) order by 1"
    assert desk.query(query, changed) == other.query(query, changed)


def test_a_check_tells_mall_validity_and_missing_grants(desk) -> None:
    checks = [check_shop(desk.url, settings=desk.settings, shop=shop.shop_name) for shop in desk.shops]
    assert all(check.is_well for check in checks)
    assert [check.mall_id for check in checks] == [shop.temu_shop_id for shop in desk.shops]
    assert any("bg.order.amount.query" in check.missing for check in checks)


def test_a_check_warns_two_weeks_before_the_token_ends_and_a_reading_notes_when(desk, gateway) -> None:
    shop = desk.shops[0]
    [told] = [check_shop(desk.url, settings=desk.settings, shop=shop.shop_name)]
    assert "it ends soon" not in told.message
    desk.sync(shops=[shop.shop_name], streams=["carriers"])
    query = "select token_expires_at from ops.shop_credentials where shop_id = %s"
    assert desk.query(query, shop.id) == [(told.expires_at,)]
    gateway.advance(days=352)
    told = check_shop(desk.url, settings=desk.settings, shop=shop.shop_name)
    assert told.is_well
    assert "it ends soon: have the seller authorise again" in told.message


def test_a_check_of_another_malls_token_is_not_well(open_desk) -> None:
    desk = open_desk(only=1, change=lambda row: row.update(temu_shop_id=634_000_000_000_000))
    check = check_shop(desk.url, settings=desk.settings, shop=desk.shops[0].shop_name)
    assert not check.is_well
    assert "634000000000000" in check.message


def test_a_check_of_an_expired_token_says_what_to_do(desk, gateway) -> None:
    gateway.faults(_only("token_expired"))
    check = check_shop(desk.url, settings=desk.settings, shop=str(desk.shops[0].temu_shop_id))
    assert not check.is_well
    assert "authorise" in check.message


def test_unknown_names_are_refused_before_anything_is_read(desk) -> None:
    with pytest.raises(ConfigurationError, match="no stream is called refunds"):
        desk.sync(streams=["refunds"])
    with pytest.raises(ConfigurationError, match="Nowhere"):
        desk.sync(shops=["Nowhere"])


def test_buyer_comments_do_not_land(desk, gateway) -> None:
    gateway.advance(days=15)
    desk.sync(streams=["orders", "after_sales"])
    [(cases,)] = desk.query("select count(*) from raw_temu.after_sales_details")
    [(comments,)] = desk.query("select count(*) from raw_temu.after_sales_details where payload::text like '%omment%'")
    assert cases > 0
    assert comments == 0


def test_two_runs_at_once_land_every_record_once(open_desk, gateway: object) -> None:
    import threading

    desk, plain = open_desk(only=2), open_desk(only=2)
    runs = [threading.Thread(target=desk.sync) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    plain.sync()
    assert _failures(desk.events) == []
    assert desk.contents() == plain.contents()


def test_the_sandbox_as_a_process_of_its_own_serves_a_whole_sync(
    open_desk: Callable[..., object], tmp_path: Path
) -> None:
    from tests.connectors.sync.conftest import register

    desk = open_desk(only=0)
    command = [sys.executable, "-m", "connectors.sandbox", "serve", "--data-dir", str(tmp_path / "own"), "--quota", "0"]
    process = subprocess.Popen([*command, "--days", "2", "--orders-per-day", "4"], stdout=subprocess.PIPE, text=True)
    try:
        url = json.loads(process.stdout.readline())["url"]
        desk.shops = register(desk.url, desk.settings, httpx.get(f"{url}/sandbox/shops").json())
        outcomes = desk.sync()
    finally:
        process.terminate()
        process.wait(15)
        process.stdout.close()
    assert _failures(outcomes) == []
    assert set(_reports(outcomes)) == _offered(desk)


def test_a_shop_whose_calls_keep_failing_is_left_alone_while_the_others_load(open_desk, gateway) -> None:
    desk = open_desk(only=2)
    victim, other = desk.shops
    gateway.faults(_only("http_502_html", victim.temu_shop_id, after=2))  # the first call sets the clock
    outcomes = desk.sync()
    failures = _failures(outcomes)
    assert {failure.shop_name for failure in failures} == {victim.shop_name}
    last = failures[-1]
    assert isinstance(last.error, ShopSuspendedError)
    assert "calls in a row failed" in last.message
    offered = [name for name, stream in STREAMS.items() if stream.is_offered_to(victim.gateway)]
    assert last.stopped == tuple(offered)[-len(last.stopped) :]
    hits = gateway.sandbox.faults.faults[0].hits
    assert hits <= RetryPolicy().attempts * (desk.settings.breaker_failures + desk.settings.requests_in_flight)
    whole = [stream for shop, stream in _reports(outcomes) if shop == other.shop_name]
    assert whole == [name for name, stream in STREAMS.items() if stream.is_offered_to(other.gateway)]
