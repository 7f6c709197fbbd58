"""Every sample answer of our streams decodes into rows, and nothing of it is lost or changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from pydantic import BaseModel

from connectors.temu.decoding import RecordDecoder, Rejected, fast_type
from connectors.temu.entities import Entity, Rows
from connectors.temu.models.goods import Sku
from connectors.temu.models.orders import DeclaredValue, Label, Order, OrderLine, OrderProduct, ParentOrder
from connectors.temu.privacy import without_personal_data
from connectors.temu.streams import ORDER_LIST, STREAMS, ByCatalogue, ByWindow, Listing

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _listing(name: str) -> Listing:
    reading = STREAMS[name].reading
    assert isinstance(reading, (ByWindow, ByCatalogue))
    return reading.listing


ACTIVITY_GOODS = STREAMS["activities"].reading.children
LISTS = {
    "bg.order.list.v2.get.page1": ORDER_LIST,
    "bg.order.list.v2.get.page2": ORDER_LIST,
    "bg.order.list.v2.get.eu": ORDER_LIST,
    "order.multi-child-parent": ORDER_LIST,
    "order.cancelled": ORDER_LIST,
    "order.partially-refunded": ORDER_LIST,
    "order.status-mismatch-parent-child": ORDER_LIST,
    "order.unknown-extra-fields": ORDER_LIST,
    "bg.local.goods.sku.list.query": _listing("products"),
    "bg.local.goods.sku.list.query.inactive": _listing("products"),
    "bg.promotion.activity.query": _listing("activities"),
    "bg.promotion.activity.goods.query": ACTIVITY_GOODS,
    "bg.aftersales.parentaftersales.list.get": _listing("after_sales"),
    "bg.aftersales.aftersales.list.get": STREAMS["after_sales_lines"].reading.lookup.listing,
    "bg.aftersales.cancel.list.get": _listing("cancellations"),
    "bg.order.unshipped.package.get": _listing("unshipped_packages"),
    "bg.logistics.companies.get": _listing("carriers"),
    "bg.logistics.warehouse.list.get": _listing("warehouses"),
}


def _result(name: str) -> object:
    return json.loads((FIXTURES / f"{name}.json").read_text())["result"]


@pytest.mark.parametrize("name", LISTS)
def test_every_record_of_a_listed_sample_becomes_a_row_with_its_own_bytes(name: str) -> None:
    listing, result = LISTS[name], _result(name)
    payloads = [
        json.dumps(row, indent=1).encode() for row in (result[listing.rows_word] if listing.rows_word else result)
    ]
    rows = listing.entity.rows(payloads, at=AT)
    assert rows.rejected == []
    assert [record.payload for record in rows.records] == payloads
    assert payloads


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("bg.order.amount.query", "order_amounts"),
        ("bg.order.amount.query.cancelled", "order_amounts"),
        ("bg.order.amount.query.partial-refund", "order_amounts"),
        ("temu.order.amount.v2.query", "order_amounts"),
        ("temu.order.amount.v3.query", "order_amounts"),
        ("bg.order.detail.v2.get", "order_details"),
        ("bg.logistics.shipment.v2.get", "shipments"),
        ("temu.track.trackinginfo.get", "tracking_events"),
        ("bg.aftersales.parentreturnorder.get", "return_parcels"),
        ("temu.aftersales.parentaftersales.detail.get", "after_sales_details"),
    ],
)
def test_every_looked_up_sample_becomes_a_row(name: str, table: str) -> None:
    rows = _entity(table).rows([json.dumps(_result(name)).encode()], at=AT, prefix=("PO-1",))
    assert [record.key for record in rows.records] == [("PO-1",)]
    assert rows.records[0].source_updated_at == AT


def test_documented_parcels_scans_and_cases_take_the_fast_way() -> None:
    for name in ("bg.logistics.shipment.v2.get", "temu.track.trackinginfo.get", "bg.aftersales.parentreturnorder.get"):
        model = {"bg.l": "shipments", "temu": "tracking_events", "bg.a": "return_parcels"}[name[:4]]
        msgspec.json.Decoder(fast_type(_entity(model).model, strict=True)).decode(json.dumps(_result(name)))


def test_a_cancellation_and_a_case_line_hold_their_state_and_case() -> None:
    for name, table, columns in (
        ("bg.aftersales.cancel.list.get", "cancellations", (5,)),
        ("bg.aftersales.aftersales.list.get", "after_sales_lines", ("PA-211-30000000000000001", 5)),
    ):
        [payload] = [json.dumps(row).encode() for row in _result(name)["data"]]
        [record] = LISTS[name].entity.rows([payload], at=AT).records
        assert (LISTS[name].entity.table, record.columns) == (table, columns)


def _entity(table: str) -> Entity:
    for stream in STREAMS.values():
        lookup = getattr(stream.reading, "lookup", None)
        if lookup and lookup.entity.table == table:
            return lookup.entity
    raise LookupError(table)


def test_an_order_row_holds_status_and_times_in_utc() -> None:
    payload = json.dumps(_result("bg.order.list.v2.get.page1")["pageItems"][0]).encode()
    [record] = ORDER_LIST.entity.rows([payload], at=AT).records
    assert record.key == ("PO-211-10000000000000006",)
    assert record.columns == (51, datetime(2026, 1, 1, 5, tzinfo=UTC))
    assert record.source_updated_at == datetime(2026, 1, 9, tzinfo=UTC)


def test_a_snapshot_row_is_dated_by_the_utc_day_of_the_read() -> None:
    reading = STREAMS["products"].reading
    payload = json.dumps(_result("bg.local.goods.sku.list.query")["skuList"][0]).encode()
    [record] = reading.snapshot.rows([payload], at=AT).records
    assert record.key == (17000000000011, AT.date())
    assert [str(value) for value in record.columns] == ["90", "12.50", "USD"]


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        ({"parentOrderSn": 7}, "string_type", "parentOrderMap.parentOrderSn"),
        ({"parentOrderSn": ""}, "string_too_short", "parentOrderMap.parentOrderSn"),
        ({"updateTime": None}, "int_type", "parentOrderMap.updateTime"),
        ({"updateTime": "soon"}, "int_parsing", "parentOrderMap.updateTime"),
        ({"parentOrderStatus": 70000}, "less_than_equal", "parentOrderMap.parentOrderStatus"),
    ],
)
def test_a_record_that_cannot_be_typed_is_set_aside_with_reason_and_path(
    change: dict[str, object], reason: str, path: str
) -> None:
    item = _result("bg.order.list.v2.get.page1")["pageItems"][0]
    item["parentOrderMap"] |= change
    payload = msgspec.json.encode(item)
    refused, _ = RecordDecoder(Order).decode(payload)
    assert isinstance(refused, Rejected)
    assert (refused.reason_code, refused.field_path, refused.payload) == (reason, path, payload)


def test_a_line_that_cannot_be_typed_names_its_place() -> None:
    item = _result("bg.order.list.v2.get.page1")["pageItems"][0]
    item["orderList"][1]["orderStatus"] = "shipped"
    refused, _ = RecordDecoder(Order).decode(msgspec.json.encode(item))
    assert refused.field_path == "orderList.1.orderStatus"


@pytest.mark.parametrize(
    "unreadable",
    [
        b'{"parentOrderMap": {"k\xff": 1, "receiptName": "x"}}',
        b'{"parentOrderMap": {"deep": ' + b"[" * 3000 + b"]" * 3000 + b"}}",
        b'{"parentOrderMap": {"mail": "x", "parentOrderSn": ',
    ],
    ids=["not utf-8", "too deep", "cut off"],
)
def test_a_record_that_is_no_readable_json_is_set_aside_and_not_a_crash(unreadable: bytes) -> None:
    good = msgspec.json.encode(_result("order.cancelled")["pageItems"][0])
    rows = ORDER_LIST.entity.rows([good, unreadable], at=AT)
    assert len(rows.records) == 1
    [refused] = rows.rejected
    assert (refused.reason_code, refused.payload) == ("json_invalid", without_personal_data(unreadable))


def test_the_rest_of_a_page_lands_beside_a_refused_record() -> None:
    good = msgspec.json.encode(_result("order.cancelled")["pageItems"][0])
    rows: Rows = ORDER_LIST.entity.rows([good, b'{"parentOrderMap":null}', good], at=AT)
    assert (len(rows.records), len(rows.rejected)) == (2, 1)


def test_the_careful_decoder_accepts_digits_in_quotes_where_the_fast_one_does_not() -> None:
    item = _result("order.cancelled")["pageItems"][0]
    item["parentOrderMap"]["updateTime"] = str(item["parentOrderMap"]["updateTime"])
    [record] = ORDER_LIST.entity.rows([msgspec.json.encode(item)], at=AT).records
    assert record.source_updated_at.tzinfo is UTC


def test_both_decoders_see_the_same_values() -> None:
    payload = msgspec.json.encode(_result("bg.local.goods.sku.list.query")["skuList"][1])
    (fast, _), careful = RecordDecoder(Sku).decode(payload), Sku.model_validate_json(payload)
    assert {name: getattr(fast, name) for name in Sku.model_fields} == {
        name: getattr(careful, name) for name in Sku.model_fields
    }


def _documented_fields(model: type[BaseModel]) -> set[str]:
    nested = {OrderLine, ParentOrder, Label, OrderProduct, DeclaredValue}
    return {info.alias for one in {model, *nested} for info in one.model_fields.values()}


def test_no_documented_field_of_an_order_is_personal() -> None:
    payload = msgspec.json.encode(dict.fromkeys(_documented_fields(Order), 1))
    assert without_personal_data(payload) is payload


def test_documented_orders_take_the_strict_way_and_others_still_lose_personal_fields() -> None:
    strict = msgspec.json.Decoder(fast_type(Order, strict=True))
    item = _result("bg.order.list.v2.get.eu")["pageItems"][0]
    strict.decode(msgspec.json.encode(item))
    for place in (item, item["parentOrderMap"], item["orderList"][0], item["orderList"][0]["productList"][0]):
        place["mail"] = "someone@example.invalid"
        with pytest.raises(msgspec.ValidationError):
            strict.decode(msgspec.json.encode(item))
        [record] = ORDER_LIST.entity.rows([msgspec.json.encode(item)], at=AT).records
        assert b"someone" not in record.payload
        del place["mail"]


def test_a_documented_field_that_turns_into_an_object_is_searched_for_personal_data() -> None:
    item = _result("bg.order.list.v2.get.eu")["pageItems"][0]
    item["parentOrderMap"]["siteId"] = {"buyer": [{"receiptName": "someone"}], "id": 100}
    [record] = ORDER_LIST.entity.rows([msgspec.json.encode(item)], at=AT).records
    assert json.loads(record.payload)["parentOrderMap"]["siteId"] == {"buyer": [{}], "id": 100}


def test_unknown_fields_survive_in_the_payload() -> None:
    for row in _result("order.unknown-extra-fields")["pageItems"]:
        [record] = ORDER_LIST.entity.rows([json.dumps(row).encode()], at=AT).records
        assert json.loads(record.payload) == row
