"""Staging says where parcels are (§3.2) and what came after the sale: scans, deliveries, case lines, returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import PLACED, SHIPPED, UPDATED, Built, Landing, at, money, staging_of

RAW = ("orders", "order_versions", "order_details", "shipments", "tracking_events", "carriers", "after_sales")
RAW += ("after_sales_details", "after_sales_lines", "return_parcels")
PICKED_UP, OUT, HANDED_OVER = SHIPPED + 3600, SHIPPED + 400_000, SHIPPED + 430_000


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    with staging_of(_warehouse, (_parcels, _deliveries, _odd_scans, _cases), RAW) as built:
        yield built


def _line(sn: str, status: int = 4, sku_id: int = 17001, **more: object) -> dict[str, Any]:
    return {"orderSn": sn, "orderStatus": status, "quantity": 1, "skuId": sku_id, "orderShippingTime": SHIPPED} | more


def _parcel(sn: str | None, number: str | None = None, **more: object) -> dict[str, Any]:
    return {"packageSn": sn, "trackingNumber": number, "carrierId": 101, "carrierName": "Sample Carrier"} | more


def _shipped(landing: Landing, parent: str, order_sn: str, *parcels: object) -> None:
    landing.land("shipments", {"shipmentInfoDTO": list(parcels)}, order_sn=order_sn, parent_order_sn=parent)


def _scanned(landing: Landing, package: str, number: str | None, *scans: tuple[str, object]) -> None:
    told = [{"logisticsStatus": word, "logisticsUpdatedAt": when, "statusText": word} for word, when in scans]
    key = {"package_sn": package, "tracking_number": number}
    landing.land("tracking_events", {"trackingInfo": told} if scans else {}, **key)


def _parcels(landing: Landing) -> None:
    landing.land("carriers", {}, region_id=211, carrier_id=102, carrier_name="Brand Two")
    landing.order("PO-1", [_line("O-1"), _line("O-2"), _line("O-3", 2, orderShippingTime=None)], parentOrderStatus=41)
    _shipped(landing, "PO-1", "O-1", _parcel("PK-1", "T-1"), _parcel(None, "T-0"))
    sub = _parcel("PK-2B", "T-2B", carrierId=102, carrierName=None)
    _shipped(landing, "PO-1", "O-2", _parcel("PK-1", "T-1"), _parcel("PK-2A", subPackageShipmentInfoList=[sub]))
    packages = [{"packageSn": "PK-1"}, {"packageSn": "PK-3"}]
    landing.land(
        "order_details",
        {"orderList": [{"orderSn": "O-1", "packageSnInfo": packages}, {"orderSn": "O-9", "packageSnInfo": None}]},
        parent_order_sn="PO-1",
    )
    _scanned(landing, "PK-1", "T-1", ("In transit", str(OUT)), ("Last Mile Carrier Picked up", str(PICKED_UP)))
    _scanned(landing, "PK-2B", None, ("Pick up failed", str(PICKED_UP)))


def test_a_parcel_is_one_row_however_many_lines_it_carries(built: Built) -> None:
    rows = built.staged("stg_temu__shipments", "parent_order_sn = 'PO-1'", "package_sn")
    told = [(row["package_sn"], row["carrier"], row["tracking_number"], row["status"]) for row in rows]
    assert told == [
        ("PK-1", "Sample Carrier", "T-1", "in_transit"),
        ("PK-2A", "Sample Carrier", None, "shipped"),
        ("PK-2B", "Brand Two", "T-2B", "exception"),
        ("PK-3", None, None, "shipped"),  # known from the detail only
    ]
    assert {row["shipped_at"] for row in rows} == {at(SHIPPED)}
    assert {row["delivered_at"] for row in rows} == {None}


def test_a_line_names_the_package_that_the_shipment_query_tells(built: Built) -> None:
    lines = built.staged("stg_temu__orders", "parent_order_sn = 'PO-1'", "order_sn")
    assert [line["package_sn"] for line in lines] == ["PK-1", "PK-1", None]


def test_scans_have_codes_and_the_number_of_their_parcel(built: Built) -> None:
    rows = built.staged("stg_temu__tracking_events", "tracking_number like 'T-%'", "tracking_number, event_time")
    assert [(row["tracking_number"], row["event_time"], row["event_code"], row["is_exception"]) for row in rows] == [
        ("T-1", at(PICKED_UP), "last_mile_carrier_picked_up", False),
        ("T-1", at(OUT), "in_transit", False),
        ("T-2B", at(PICKED_UP), "pick_up_failed", True),
    ]
    assert {(row["status"], row["location"]) for row in rows} >= {("Pick up failed", None)}


def _deliveries(landing: Landing) -> None:
    lines = [_line("D-1", 5), _line("D-2", 5), _line("D-3", 5), _line("D-4", 4), _line("D-5", 5)]
    landing.order("PO-D", lines, parentOrderStatus=51)
    delivered = ("Delivered", str(HANDED_OVER))
    for order_sn, packages in {"D-1": "A", "D-2": "AB", "D-3": "AC", "D-4": "A"}.items():
        _shipped(landing, "PO-D", order_sn, *(_parcel(f"PD-{one}", f"TD-{one}") for one in packages))
    _scanned(landing, "PD-A", "TD-A", delivered, ("Out for Delivery", str(OUT)))
    _scanned(landing, "PD-B", "TD-B", ("Delivered", str(HANDED_OVER + 60)), delivered)
    _scanned(landing, "PD-C", "TD-C", ("Out for Delivery", str(OUT)))


def test_a_delivered_line_arrived_with_the_delivered_scan_of_its_last_parcel_else_when_first_seen(built: Built) -> None:
    lines = built.staged("stg_temu__orders", "parent_order_sn = 'PO-D'", "order_sn")
    assert {line["order_sn"]: line["delivery_time"] for line in lines} == {
        "D-1": at(HANDED_OVER),
        "D-2": at(HANDED_OVER),  # the earlier of two delivered scans of one parcel
        "D-3": at(UPDATED),  # one parcel is still out
        "D-4": None,  # scanned, but the platform does not call it delivered
        "D-5": at(UPDATED),
    }


def test_a_parcel_is_delivered_by_its_first_delivered_scan(built: Built) -> None:
    rows = built.staged("stg_temu__shipments", "parent_order_sn = 'PO-D'", "package_sn")
    assert [(row["status"], row["delivered_at"]) for row in rows] == [
        ("delivered", at(HANDED_OVER)),
        ("delivered", at(HANDED_OVER)),
        ("out_for_delivery", None),
    ]


def _odd_scans(landing: Landing) -> None:
    times = ("1767916800000", "2026-01-09T00:00:00Z", "2026-01-09 00:00:00", "2026-01-09 08:00:00+08:00", "9 Jan", 7)
    _scanned(landing, "PX-1", "TX-1", *((f"Word {number}!", when) for number, when in enumerate(times)))
    _scanned(landing, "PX-2", "TX-2", ("Delivered", None), ("Delivered", None))
    _scanned(landing, "PX-3", "TX-3")
    landing.land("tracking_events", {"trackingInfo": ["?", {"logisticsStatus": ""}, None]}, package_sn="PX-4")
    _shipped(landing, "PO-X", "X-1", "?", None, _parcel("PX-9", subPackageShipmentInfoList=[3]))


def test_times_of_scans_are_read_in_every_likely_form_and_unknown_ones_stay_unknown(built: Built) -> None:
    rows = built.staged("stg_temu__tracking_events", "tracking_number = 'TX-1'", "event_code")
    assert [row["event_code"] for row in rows] == [f"word_{number}" for number in range(6)]
    noon = datetime(2026, 1, 9, tzinfo=UTC)
    assert [row["event_time"] for row in rows] == [noon, noon, noon, noon, None, at(7)]
    [unknown] = built.staged("stg_temu__tracking_events", "tracking_number = 'TX-2'", "event_code")
    assert (unknown["event_code"], unknown["event_time"]) == ("delivered", None)


def test_answers_of_another_shape_hide_only_themselves(built: Built) -> None:
    assert built.staged("stg_temu__tracking_events", "tracking_number in ('TX-3', 'TX-4')", "event_code") == []
    [parcel] = built.staged("stg_temu__shipments", "parent_order_sn = 'PO-X'", "package_sn")
    assert (parcel["package_sn"], parcel["shipped_at"], parcel["status"]) == ("PX-9", None, "label_created")


def _cases(landing: Landing) -> None:
    landing.order("PO-R", [_line("R-1", 5), _line("R-2", 5, 17002), _line("R-3", 5, 17002)])
    for number, kind in (("1", 2), ("2", 2), ("3", 1)):
        key = {"parent_after_sales_sn": f"PA-{number}", "parent_order_sn": "PO-R"}
        entry = {"parentAfterSalesStatus": 5, "afterSalesType": kind, "createAt": PLACED}
        landing.land("after_sales", entry, **key, status=5)
    told = {"afterSalesSn": "PA-1-1", "orderSn": "R-2", "applyAfterSalesGoodsNumber": 2, "applyRefundAmount": money(9)}
    landing.land(
        "after_sales_details", {"afterSalesList": [told]}, parent_after_sales_sn="PA-1", parent_order_sn="PO-R"
    )
    for sn, sku_id in (("PA-1-1", 17001), ("PA-2-1", 17001), ("PA-2-2", 17002)):
        entry = {"skuId": sku_id, "productList": [{"extCode": f"C-{sku_id}"}], "applyAfterSalesGoodsNumber": 1}
        landing.land("after_sales_lines", entry, after_sales_sn=sn, parent_after_sales_sn=sn[:4], status=5)
    for sn, parcels in (("PA-2-1", []), ("PA-2-2", [{"carrierName": "Sample Carrier"}])):
        answer = {"logisticsInfoList": parcels}
        landing.land("return_parcels", answer, after_sales_sn=sn, parent_after_sales_sn=sn[:4])


def test_case_lines_stand_in_where_the_detail_is_missing(built: Built) -> None:
    rows = built.staged("stg_temu__refunds", "shop_id = 1", "refund_sn")
    told = [(row["refund_sn"], row["order_sn"], row["product_sku"], row["refund_quantity"]) for row in rows]
    assert told == [
        ("PA-1-1", "R-2", "C-17001", 2),  # the detail knows better where both speak
        ("PA-2-1", "R-1", "C-17001", 1),
        ("PA-2-2", None, "C-17002", 1),  # two lines have this SKU: nobody can say which
        ("PA-3", None, None, None),
    ]


def test_goods_are_back_on_the_shelf_unless_the_buyer_sent_nothing(built: Built) -> None:
    rows = built.staged("stg_temu__refunds", "shop_id = 1", "refund_sn")
    assert [row["is_restocked"] for row in rows] == [True, False, True, False]
