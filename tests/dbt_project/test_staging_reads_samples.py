"""From the platform's own answers to staging: every sample of the order side, its money and times in our units (§3.6).

Minor units become amounts (whole units where a currency has no decimals), seconds, milliseconds and digits in strings
become instants; what each endpoint means by its numbers is said here once, by example.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.postgres.tables import RAW_TABLES
from connectors.temu.entities import Entity
from connectors.temu.streams import STREAMS, Batch, ByOrder, ByWindow, Listing
from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import UPDATED, Built, Landing, at, staging_of

FIXTURES = Path(__file__).parents[1] / "fixtures" / "temu"
LISTED = {
    "bg.order.list.v2.get.page1": "orders",
    "bg.order.list.v2.get.page2": "orders",
    "bg.order.list.v2.get.eu": "orders",
    "order.multi-child-parent": "orders",
    "order.cancelled": "orders",
    "order.partially-refunded": "orders",
    "order.status-mismatch-parent-child": "orders",
    "order.unknown-extra-fields": "orders",
    "bg.aftersales.parentaftersales.list.get": "after_sales",
    "bg.aftersales.aftersales.list.get": "after_sales_lines",
    "bg.aftersales.cancel.list.get": "cancellations",
    "bg.order.unshipped.package.get": "unshipped_packages",
    "bg.logistics.companies.get": "carriers",
    "bg.logistics.warehouse.list.get": "warehouses",
}
ASKED: dict[str, tuple[str, tuple[object, ...], tuple[object, ...]]] = {
    "bg.order.amount.query": ("order_amounts", ("PO-211-10000000000000001",), ("v1",)),
    "bg.order.amount.query.cancelled": ("order_amounts", ("PO-211-10000000000000002",), ("v1",)),
    "bg.order.amount.query.partial-refund": ("order_amounts", ("PO-211-10000000000000003",), ("v1",)),
    "temu.order.amount.v2.query": ("order_amounts", ("PO-100-30000000000000001",), ("v2",)),
    "temu.order.amount.v3.query": ("order_amounts", ("PO-091-40000000000000001",), ("v3",)),
    "bg.order.detail.v2.get": ("order_details", ("PO-211-10000000000000001",), ()),
    "bg.logistics.shipment.v2.get": ("shipments", ("211-10000000000000101",), ("PO-211-10000000000000001",)),
    "temu.track.trackinginfo.get": ("tracking_events", ("PK-10000000000000101",), ("PO-211-10000000000000001",)),
    "temu.aftersales.parentaftersales.detail.get": ("after_sales_details", ("PA-211-30000000000000001",), ()),
    "bg.aftersales.parentreturnorder.get": (
        "return_parcels",
        ("PA-211-30000000000000002-1",),
        ("PA-211-30000000000000002",),
    ),
}


def _entities() -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    for stream in STREAMS.values():
        reading = stream.reading
        asked = reading.lookup if isinstance(reading, (ByOrder, ByWindow)) else None
        for one in (asked, getattr(reading, "listing", None)):
            if one is not None:
                found[one.entity.table] = one.entity
    return found


def _listing(table: str) -> Listing:
    reading = STREAMS[table].reading
    if isinstance(reading, ByOrder):
        assert isinstance(reading.lookup, Batch)
        return reading.lookup.listing
    return reading.listing


def _result(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text())["result"]


def _land(landing: Landing, name: str) -> None:
    """As the loader would: the stream's own entity reads the sample, its rows go into the raw table."""
    if name in LISTED:
        table, prefix, extra = LISTED[name], (211,) if LISTED[name] == "carriers" else (), ()
        listing = _listing(table)
        payloads = _result(name)[listing.rows_word] if listing.rows_word else _result(name)
    else:
        table, prefix, extra = ASKED[name]
        payloads = [_result(name)]
    encoded = [json.dumps(payload).encode() for payload in payloads]
    rows = _entities()[table].rows(encoded, at=datetime.fromtimestamp(UPDATED, UTC), prefix=prefix, extra=extra)
    assert rows.rejected == []
    raw = RAW_TABLES[table]
    for record in rows.records:
        typed = dict(zip((*raw.key, *raw.columns), (*record.key, *record.columns), strict=True))
        updated = int(record.source_updated_at.timestamp())
        landing.warehouse.execute(f"delete from raw_temu.{table} where {_same(raw.key, record.key)}")
        landing.land(table, json.loads(record.payload), updated, **typed)


def _same(names: Any, values: tuple[object, ...]) -> str:
    return " and ".join(f"{name} = '{value}'" for name, value in zip(names, values, strict=True))


def _samples(landing: Landing) -> None:
    for name in (*LISTED, *ASKED):
        _land(landing, name)


def _whole_orders(landing: Landing) -> None:
    for region, line in (("100", "100-30000000000000101"), ("091", "091-40000000000000101")):
        whole = {"orderSn": line, "orderStatus": 4, "quantity": 2 if region == "100" else 1}
        landing.order(f"PO-{region}-{'3' if region == '100' else '4'}0000000000000001", [whole])


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    tables = {*LISTED.values(), *(table for table, *_ in ASKED.values())}
    with staging_of(_warehouse, (_samples, _whole_orders), tables) as built:
        yield built


def _lines(built: Built, parent: str) -> dict[str, dict[str, Any]]:
    rows = built.staged("stg_temu__orders", f"parent_order_sn = '{parent}'", "order_sn")
    return {row["order_sn"].removeprefix(parent[3:7]): row for row in rows}


@pytest.mark.parametrize(
    ("parent", "line", "unit", "total", "currency"),
    [
        ("PO-211-10000000000000001", "10000000000000101", "12.50", "25.00", "USD"),  # two of two
        ("PO-211-10000000000000001", "10000000000000103", "12.50", "0.00", "USD"),  # cancelled before shipment
        ("PO-211-10000000000000003", "10000000000000301", "10.00", "19.00", "USD"),  # two of three, own discount
        ("PO-211-10000000000000002", "10000000000000201", "12.50", "0.00", "USD"),  # cancelled whole
        ("PO-100-30000000000000001", "30000000000000101", "1200", "2200", "JPY"),  # yen have no cents
        ("PO-091-40000000000000001", "40000000000000101", "30.00", "27.00", "EUR"),
    ],
)
def test_money_of_all_three_amount_queries_is_the_sellers_and_in_major_units(
    built: Built, parent: str, line: str, unit: str, total: str, currency: str
) -> None:
    row = _lines(built, parent)[line]
    assert (row["unit_price"], row["total_price"], row["currency"]) == (Decimal(unit), Decimal(total), currency)


def test_an_order_whose_money_nobody_told_has_none(built: Built) -> None:
    for row in _lines(built, "PO-211-10000000000000006").values():
        assert (row["unit_price"], row["total_price"], row["currency"]) == (None, None, None)


def test_shipping_income_is_found_under_the_name_of_each_dialect(built: Built) -> None:
    rows = built.staged("stg_temu__order_charges", "true", "parent_order_sn")
    assert {row["parent_order_sn"]: (row["amount"], row["currency"]) for row in rows} == {
        "PO-211-10000000000000001": (Decimal("2.99"), "USD"),
        "PO-100-30000000000000001": (Decimal(300), "JPY"),
        "PO-091-40000000000000001": (Decimal("4.00"), "EUR"),
    }


def test_times_of_orders_are_seconds_and_deadlines_are_no_facts(built: Built) -> None:
    row = _lines(built, "PO-211-10000000000000003")["10000000000000301"]
    assert (row["order_time"], row["shipping_time"]) == (at(1767236400), at(1767312000))
    assert row["delivery_time"] == row["updated_at"] == at(1768003200)  # first seen delivered; nothing scanned
    assert row["latest_delivery_time"] not in (None, row["delivery_time"])
    unequal = _lines(built, "PO-211-10000000000000006")
    assert [line["temu_status_code"] for line in unequal.values()] == [5, 4]


@pytest.mark.parametrize(
    ("line", "ordered", "shipped", "ship_by", "deliver_by"),
    [
        ("211-10000000000000101", 1767229200, 1767398400, 1767488400, 1768266000),
        ("211-10000000000000201", 1767232800, None, 1767492000, 1768269600),
        ("211-10000000000000301", 1767236400, 1767312000, 1767495600, 1768273200),
        ("211-10000000000000401", 1767238200, None, 1767497400, 1768275000),
        ("211-10000000000000501", 1767240000, None, None, None),
        ("211-10000000000000601", 1767243600, 1767312000, 1767502800, 1768280400),
        ("211-10000000000000602", 1767243600, 1767398400, 1767502800, 1768280400),
        ("076-20000000000000101", 1767230600, 1767484800, 1767489800, 1768267400),
    ],
)
def test_times_of_every_listed_order_are_seconds(
    built: Built, line: str, ordered: int, shipped: int | None, ship_by: int | None, deliver_by: int | None
) -> None:
    [row] = built.staged("stg_temu__orders", f"order_sn = '{line}'", "order_sn")
    told = [row[name] for name in ("order_time", "shipping_time", "expect_ship_latest_time", "latest_delivery_time")]
    assert told == [at(epoch) if epoch else None for epoch in (ordered, shipped, ship_by, deliver_by)]


def test_a_scan_told_in_digits_of_a_string_is_an_instant(built: Built) -> None:
    rows = built.staged("stg_temu__tracking_events", "tracking_number = 'SYN0000000101'", "event_time")
    assert [(row["event_code"], row["event_time"]) for row in rows] == [
        ("last_mile_carrier_picked_up", at(1767398400)),
        ("out_for_delivery", at(1767902400)),
        ("delivered", at(1767916800)),
    ]
    [parcel] = built.staged("stg_temu__shipments", "package_sn = 'PK-10000000000000101'", "package_sn")
    assert (parcel["carrier"], parcel["tracking_number"]) == ("Sample Carrier", "SYN0000000101")
    assert (parcel["shipped_at"], parcel["delivered_at"]) == (at(1767398400), at(1767916800))
    # The platform still calls the line shipped: the scan alone does not make it delivered.
    assert _lines(built, "PO-211-10000000000000001")["10000000000000101"]["delivery_time"] is None


def test_a_refund_is_the_sellers_loss_in_major_units_with_the_lines_article(built: Built) -> None:
    rows = {row["refund_sn"]: row for row in built.staged("stg_temu__refunds", "true", "refund_sn")}
    refund = rows["PA-211-30000000000000001-1"]
    # Deduction of 15.00 less the unit of 10.00 that was cancelled before shipment; the buyer got 6.33.
    assert (refund["refund_amount"], refund["currency"], refund["status"]) == (Decimal("5.00"), "USD", "completed")
    assert (refund["order_sn"], refund["product_sku"], refund["refund_quantity"]) == (
        "211-10000000000000301",
        "SYN-TEE-BLK-L",
        1,
    )
    assert refund["refund_time"] == at(1767916800)
    assert rows["PA-211-30000000000000002"]["status"] == "requested"


def test_cancellations_carriers_warehouses_and_waiting_packages_are_kept_whole(built: Built) -> None:
    for name in ("bg.aftersales.cancel.list.get", "bg.order.unshipped.package.get", "bg.logistics.companies.get",
                 "bg.logistics.warehouse.list.get"):  # fmt: skip
        listing = _listing(LISTED[name])
        told = _result(name)[listing.rows_word] if listing.rows_word else _result(name)
        kept = built.warehouse.rows(f"select payload from raw_temu.{LISTED[name]}")
        assert [row["payload"] for row in kept] == told


def test_what_the_buyer_got_back_is_minor_units_at_instants_in_milliseconds_or_seconds(built: Built) -> None:
    told, listed = built.staged("stg_temu__buyer_refunds", "true", "parent_after_sales_sn")
    assert {name: told[name] for name in told if name.endswith("_refund")} == {
        "buyer_refund": Decimal("6.33"),
        "retail_refund": Decimal("6.50"),
        "tax_refund": Decimal("0.41"),
        "shipping_refund": Decimal("0.00"),
        "seller_discount_refund": Decimal("0.25"),
        "platform_discount_refund": Decimal("0.33"),
    }
    assert (told["parent_order_sn"], told["currency"]) == ("PO-211-10000000000000003", "USD")
    assert (told["created_at"], told["changed_at"]) == (at(1767830400), at(1767916800))
    assert (listed["buyer_refund"], listed["currency"]) == (None, None)
    assert (listed["created_at"], listed["changed_at"]) == (at(1767916800), at(1767916800))
    assert (listed["answer_until"], told["answer_until"]) == (at(1768089600), None)
    [claim] = built.staged("stg_temu__buyer_claims", "true", "after_sales_sn")
    assert (claim["order_sn"], claim["claimed_amount"], claim["currency"]) == (
        "211-10000000000000301",
        Decimal("6.33"),
        "USD",
    )


def test_a_cancellation_is_asked_for_in_milliseconds(built: Built) -> None:
    [line] = built.staged("stg_temu__cancellations", "true", "after_sales_sn")
    assert (line["order_sn"], line["units"], line["status"]) == ("211-10000000000000201", 1, 5)
    assert line["created_at"] == at(1767233600)


def test_the_customs_value_of_a_european_line_is_minor_units_and_no_price(built: Built) -> None:
    [line] = built.staged("stg_temu__export_values", "true", "order_sn")
    assert (line["declared_value"], line["currency"]) == (Decimal("18.90"), "EUR")
    [order] = built.staged("stg_temu__orders", f"order_sn = '{line['order_sn']}'", "order_sn")
    assert (order["unit_price"], order["currency"]) == (None, None)


def test_renamed_parts_of_the_younger_dialects_still_add_up(built: Built) -> None:
    sample = _result("temu.order.amount.v2.query")
    parent, [line] = sample["parentOrderMap"]["salesProceeds"], sample["orderList"]
    parent.pop("shippingTotalTaxExcl")
    parent["shippingCustomerTotalTaxExcl"]["amount"] = 40
    parent["shippingTemuDiscountTotalTaxExcl"] = parent.pop("shippingTemuTotalTaxExcl")
    line |= {"basePriceOff": {"amount": 100, "currency": "JPY"}}
    line.pop("basePriceDiscountedTotal")
    line.pop("unitBasePrice")
    landing = Landing(built.warehouse)
    landing.order("PO-100-9", [{"orderSn": line["orderSn"] + "9", "orderStatus": 4, "quantity": 2}])
    line["orderSn"] += "9"
    landing.land("order_amounts", sample, parent_order_sn="PO-100-9", api_type="v2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNI_DATABASE_URL", built.warehouse.url)
        built.warehouse.dbt("run", "--select", "staging")
    [row] = _lines(built, "PO-100-9").values()
    assert (row["unit_price"], row["total_price"]) == (Decimal(1200), Decimal(2100))
    [charge] = built.staged("stg_temu__order_charges", "parent_order_sn = 'PO-100-9'", "id")
    assert charge["amount"] == Decimal(340)
