"""What belongs to orders lands: parcels, scans until a parcel's way has ended, case lines, returns, cancellations."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.records import Window
from connectors.sandbox.world.parcels import parcels_of
from connectors.sync import SyncFailure, SyncReport, refresh_orders
from connectors.temu.streams.logistics import FINAL_SCANS

PARCELS = ["orders", "shipments", "tracking_events"]
CASES = ["orders", "after_sales", "after_sales_lines", "return_parcels"]


def _report(desk: Any, stream: str, **choice: Any) -> SyncReport:
    """The stream's report of a run with these streams, of the desk's first shop."""
    outcomes = desk.sync(**choice)
    assert [one for one in outcomes if isinstance(one, SyncFailure)] == []
    [report] = [one for one in outcomes if one.stream == stream and one.shop_id == desk.shops[0].id]
    return report


def _now(gateway: Any) -> datetime:
    return datetime.fromtimestamp(gateway.sandbox.now(), UTC)


def test_every_shipped_line_lands_with_its_parcel_and_every_parcel_with_its_scans(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=2)
    gateway.advance(days=6)
    assert [one for one in desk.sync(streams=PARCELS) if isinstance(one, SyncFailure)] == []
    for shop, live in zip(desk.shops, gateway.sandbox.world.shops, strict=False):
        now, region = gateway.sandbox.now(), live.profile.region_id
        parcels = {
            (order.sn, order.lines[index].order_sn, parcel.sn): parcel
            for order in live.book.by_sn.values() for parcel in parcels_of(order, region)
            for index in parcel.lines if parcel.shipped_at < now
        }  # fmt: skip
        landed = desk.query(
            "select parent_order_sn, order_sn, payload -> 'shipmentInfoDTO' -> 0 ->> 'packageSn'"
            " from raw_temu.shipments where shop_id = %s",
            shop.id,
        )
        assert set(landed) == parcels.keys()
        scans = dict(
            desk.query("select package_sn, payload -> 'trackingInfo' from raw_temu.tracking_events"
                       " where shop_id = %s", shop.id)
        )  # fmt: skip
        told = {sn: [scan["logisticsStatus"] for scan in reversed(found or [])] for sn, found in scans.items()}
        assert told == {one.sn: [scan.word for scan in one.scans_at(now)] for one in parcels.values()}
    assert desk.query("select count(*) from ops.dead_letters") == [(0,)]


def test_a_parcel_is_asked_about_again_after_hours_and_never_after_its_end(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    gateway.advance(days=5)
    first = _report(desk, "tracking_events", streams=PARCELS)
    assert first.read > 0
    assert _report(desk, "tracking_events", streams=["tracking_events"]).calls == 0
    gateway.advance(hours=7)
    [(open_ones,)] = desk.query(
        "select count(*) from raw_temu.tracking_events where not exists (select from"
        " jsonb_path_query(payload, '$.trackingInfo[*].logisticsStatus') w where w #>> array[]::text[] = any(%s))",
        list(FINAL_SCANS),
    )
    again = _report(desk, "tracking_events", streams=["tracking_events"])
    assert 0 < open_ones < first.read
    assert again.read == open_ones


def test_scans_end_with_the_delivered_one_however_often_they_are_read(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    for _ in range(8):
        gateway.advance(days=2)
        desk.sync(streams=PARCELS)
    delivered = desk.query(
        "select t.payload -> 'trackingInfo' -> 0 ->> 'logisticsStatus' from raw_temu.tracking_events t"
        " join raw_temu.orders o using (shop_id, parent_order_sn) where o.status = 5 and t.tracking_number is not null"
    )
    assert len(delivered) > 20
    assert {word for (word,) in delivered} == {"Delivered"}


def test_only_recent_orders_are_asked_for_parcels_and_a_backfill_fetches_the_rest(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    gateway.advance(days=12)
    desk.settings = desk.settings.model_copy(update={"parcel_days": 3})
    recent = _report(desk, "shipments", streams=PARCELS)
    [(old,)] = desk.query(
        "select count(*) from raw_temu.shipments where source_updated_at < %s", _now(gateway) - timedelta(days=3)
    )
    assert (old, recent.read > 0) == (0, True)
    window = Window(_now(gateway) - timedelta(days=20), _now(gateway))
    whole = _report(desk, "shipments", streams=PARCELS, window=window)
    assert whole.read > 0
    assert desk.query("select count(*) from raw_temu.shipments") == [(recent.read + whole.read,)]
    desk.settings = desk.settings.model_copy(update={"parcel_days": 0})
    assert _report(desk, "shipments", streams=["shipments"]).calls == 0


def test_a_shop_that_withholds_tracking_lands_its_parcels_and_says_what_is_missing(open_desk: Any) -> None:
    desk = open_desk()
    [london] = [shop for shop in desk.shops if shop.shop_name == "Thames Living UK"]
    reports = {one.stream: one for one in desk.sync(streams=PARCELS) if one.shop_id == london.id}
    assert reports["shipments"].read > 0
    assert reports["shipments"].forbidden is None
    assert "temu.track.trackinginfo.get" in (reports["tracking_events"].forbidden or "")
    assert reports["tracking_events"].calls == 1


def test_case_lines_and_returns_land_for_every_case_they_belong_to(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=2)
    gateway.advance(days=20)
    assert [one for one in desk.sync(streams=CASES) if isinstance(one, SyncFailure)] == []
    [(cases, with_lines)] = desk.query(
        "select count(*), count(l.after_sales_sn) from raw_temu.after_sales c left join raw_temu.after_sales_lines l"
        " using (shop_id, parent_after_sales_sn)"
    )
    assert cases == with_lines > 10
    [(stale,)] = desk.query(
        "select count(*) from raw_temu.after_sales c join raw_temu.after_sales_lines l using (shop_id,"
        " parent_after_sales_sn) where l.source_updated_at <> c.source_updated_at"
    )
    assert stale == 0
    returned = desk.query(
        "select r.after_sales_sn, r.payload from raw_temu.return_parcels r join raw_temu.after_sales c"
        " using (shop_id, parent_after_sales_sn) where c.payload ->> 'afterSalesType' = '2' and c.status in (2,3,4,5)"
    )
    assert len(returned) == desk.query("select count(*) from raw_temu.return_parcels")[0][0] > 0
    assert all(payload["logisticsInfoList"] for _, payload in returned)


def test_cancellations_are_walked_until_they_stand_still(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    gateway.advance(days=9)
    first = _report(desk, "cancellations", streams=["cancellations"])
    live = gateway.sandbox.world.shops[0]
    kinds = {"canceled while pending", "canceled before shipment", "units canceled", "canceled after shipment"}
    cancelled = sum(
        event.kind.value in kinds and event.at <= gateway.sandbox.now()
        for order in live.book.by_sn.values() for event in order.events
    )  # fmt: skip
    assert first.inserted == cancelled > 2
    again = _report(desk, "cancellations", streams=["cancellations"])
    assert (again.calls, again.unchanged, again.inserted + again.updated) == (1, cancelled, 0)


def test_carriers_land_for_the_regions_that_the_shop_sells_to(desk: Any) -> None:
    desk.sync(streams=["carriers"])
    assert desk.query("select count(*) from raw_temu.carriers") == [(0,)]  # nobody has bought yet, as far as we know
    desk.sync(streams=["orders", "carriers", "warehouses"])
    found = desk.query(
        "select distinct s.region, c.region_id from raw_temu.carriers c join ops.shops s on s.id = shop_id"
    )
    assert sorted(found) == [("DE", 76), ("UK", 210), ("US", 211)]
    assert desk.query("select count(distinct shop_id) from raw_temu.warehouses") == [(4,)]


def test_a_named_order_is_refreshed_with_its_parcels_and_scans(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    gateway.advance(days=4)
    desk.sync(streams=["orders"])
    [(sn,)] = desk.query("select parent_order_sn from raw_temu.orders where status = 5 order by 1 limit 1")
    refresh_orders(
        desk.url, settings=desk.settings, temu_shop_id=desk.shops[0].temu_shop_id, parent_order_sns=[sn], run_id="hook"
    )
    assert {one for (one,) in desk.query("select parent_order_sn from raw_temu.shipments")} == {sn}
    assert {one for (one,) in desk.query("select parent_order_sn from raw_temu.tracking_events")} == {sn}


@pytest.mark.parametrize("kind", ["throttle", "truncated_json", "connection_reset"])
def test_trouble_that_passes_leaves_the_same_parcels_and_cases(
    open_desk: Callable[..., Any], gateway: Any, kind: str
) -> None:
    streams = [*PARCELS, *CASES[1:], "cancellations", "unshipped_packages"]
    gateway.advance(days=6)
    troubled, plain = open_desk(only=1), open_desk(only=1)
    gateway.faults({"kind": kind, "rate": 0.05})
    troubled.sync(streams=streams)
    gateway.faults()
    troubled.sync(streams=streams)
    plain.sync(streams=streams)
    assert troubled.contents() == plain.contents()


def test_an_answer_of_another_shape_is_set_aside_and_its_neighbours_land(
    open_desk: Any, gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.sandbox.operations import logistics, registry

    original, spoilt = registry.OPERATIONS["bg.logistics.shipment.v2.get"], []

    def odd(call: Any) -> bytes:
        answer = logistics.shipment(call)
        if not spoilt:
            spoilt.append(call.params["orderSn"])
            return json.dumps({"shipmentInfoDTO": "soon"}).encode()
        return answer

    monkeypatch.setitem(registry.OPERATIONS, original.type, type(original)(original.type, odd, original.forms))
    desk = open_desk(only=1)
    report = _report(desk, "shipments", streams=PARCELS)
    assert report.dead_lettered == 1
    assert report.read == report.inserted + 1 > 1
    [(stream, path)] = desk.query("select stream, field_path from ops.dead_letters")
    assert (stream, path) == ("shipments", "shipmentInfoDTO")


def test_a_detail_is_asked_for_once_and_again_only_where_no_shipment_told_the_parcels(
    open_desk: Any, gateway: Any
) -> None:
    streams = ["orders", "shipments", "order_details"]
    told, untold = open_desk(only=1), open_desk(only=1)
    gateway.advance(days=4)
    told.sync(streams=streams)
    untold.sync(streams=["orders", "order_details"])
    shipped = "from raw_temu.orders where status in (4, 41, 5, 51)"
    assert _details(told) == _details(untold) == told.query(f"select count(*) {shipped}")[0][0]
    gateway.advance(days=2)
    before = _details(told)
    again = [_report(told, "order_details", streams=streams), _report(untold, "order_details", streams=streams[::2])]
    assert again[0].read == _details(told) - before > 0  # those shipped since
    assert again[1].read > again[0].read


def _details(desk: Any) -> int:
    return int(desk.query("select count(*) from raw_temu.order_details")[0][0])


def test_of_where_an_order_goes_country_and_state_land_and_the_city_does_not(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    gateway.advance(days=4)
    desk.sync(streams=["orders", "order_details"])
    parents = [parent for (parent,) in desk.query("select payload -> 'parentOrderMap' from raw_temu.order_details")]
    assert {parent["regionName1"] for parent in parents} == {"United States"}
    assert len({parent["regionName2"] for parent in parents}) > 5
    assert not any("regionName3" in parent for parent in parents)
