"""From the platform's own answers to staging: the samples of goods and promotions, their money and times (§3.6).

Prices of lists are amounts in text, those of promotions are minor units that name no currency; creation is told in
seconds by one list and in milliseconds by the other, promotions in seconds, changes of state in digits of a string.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.postgres.tables import RAW_TABLES
from connectors.temu.entities import Entity
from connectors.temu.questions import records_in
from connectors.temu.streams import STREAMS, ByCatalogue, rest
from connectors.temu.streams.shapes import ByIds, IdQuery, Listing
from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import UPDATED, Built, Landing, at, staging_of

FIXTURES = Path(__file__).parents[1] / "fixtures" / "temu"
READ_AT = datetime.fromtimestamp(UPDATED, UTC)
RAW = ("products", "product_snapshots", "supplier_prices", "sku_stocks", "activities", "activity_goods")
RAW += ("goods", "price_orders", "activity_candidates", "partner_goods", "partner_prices", "bill_files")
ACTIVITY, BY_CURSOR, WITHOUT_CURRENCY = 90000001, 17000000000099, 17000000000098


def _result(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text())["result"]


def _land(landing: Landing, entity: Entity, payloads: list[bytes], prefix: tuple[object, ...] = ()) -> None:
    """As the loader would: the stream's own entity reads the sample, its rows go into the raw table."""
    rows = entity.rows(payloads, at=READ_AT, prefix=prefix)
    assert rows.rejected == []
    raw = RAW_TABLES[entity.table]
    for record in rows.records:
        typed = dict(zip((*raw.key, *raw.columns), (*record.key, *record.columns), strict=True))
        landing.land(entity.table, json.loads(record.payload), int(record.source_updated_at.timestamp()), **typed)


def _encoded(rows: list[Any]) -> list[bytes]:
    return [json.dumps(row).encode() for row in rows]


def _listing(stream: str, *, otherwise: bool = False) -> Listing:
    reading = STREAMS[stream].otherwise if otherwise else STREAMS[stream].reading
    assert isinstance(reading, ByCatalogue)
    return reading.listing


def _page(landing: Landing, stream: str, name: str, *, otherwise: bool = False) -> None:
    listing = _listing(stream, otherwise=otherwise)
    _land(landing, listing.entity, _encoded(_result(name)[listing.rows_word]))


def _catalogue(landing: Landing) -> None:
    for name in ("bg.local.goods.sku.list.query", "bg.local.goods.sku.list.query.inactive"):
        _page(landing, "products", name)
    [other] = _result("temu.local.sku.list.retrieve")["skuList"]  # the same SKU in the other list: here one of its own
    _land(landing, _listing("products", otherwise=True).entity, _encoded([other | {"skuId": str(BY_CURSOR)}]))
    snapshot = STREAMS["products"].entity_of("product_snapshots")
    _land(landing, snapshot, _encoded(_result("bg.local.goods.sku.list.query")["skuList"]))


def _goods(landing: Landing) -> None:
    _page(landing, "goods", "bg.local.goods.list.query")
    first, last = (_result(f"temu.local.goods.list.retrieve.{page}")["goodsList"] for page in ("page1", "page2-last"))
    entity = _listing("goods", otherwise=True).entity
    # The same goods in the other list: here goods of their own.
    _land(landing, entity, _encoded([first[0] | {"goodsId": "1"}, last[0] | {"goodsId": "2"}]))
    _page(landing, "price_orders", "bg.local.goods.priceorder.query")
    _page(landing, "partner_goods", "bg.glo.goods.list.get")
    price = {"productSkuId": 8000000011, "supplierPrice": 2990, "currencyType": "RMB"}
    landing.land("partner_prices", price, product_sku_id=8000000011, snapshot_date=READ_AT.date())


def _bills(landing: Landing) -> None:
    task = _result("temu.finance.mall.bill.task.get.done")
    told = {name: task[name] for name in ("fileType", "fileName", "status")} | {"bytes": 512, "sha256": "ab"}
    period = {"period_start": date(2025, 12, 1), "period_end": date(2026, 1, 1)}
    landing.land("bill_files", told, file_type=task["fileType"], file_name=task["fileName"], content=b"PK", **period)


def _answers(landing: Landing) -> None:
    samples = {
        "supplier_prices": "bg.local.goods.sku.list.price.query",
        "sku_stocks": "temu.local.goods.sku.stock.query",
    }
    for stream, name in samples.items():
        reading = STREAMS[stream].reading
        assert isinstance(reading, ByIds)
        assert isinstance(reading.ask, IdQuery)
        answer = json.dumps(_result(name)).encode()
        _land(landing, reading.ask.entity, records_in(answer, reading.ask.rows_path))


def _promotions(landing: Landing) -> None:
    reading = STREAMS["activities"].reading
    assert isinstance(reading, ByCatalogue)
    assert reading.children is not None
    _land(landing, reading.listing.entity, _encoded(_result("bg.promotion.activity.query")["activityList"]))
    goods = _result("bg.promotion.activity.goods.query")["goodsList"]
    _land(landing, reading.children.entity, _encoded(goods), (ACTIVITY,))
    plain = _result("seed-dialect.activity-list")["activity_list"]
    _land(landing, rest.ACTIVITIES.listing.entity, _encoded(plain))
    candidates = STREAMS["activity_candidates"].entity_of("activity_candidates")
    offered = _result("bg.promotion.activity.candidate.goods.query")["goodsList"]
    unknown = {"skuId": WITHOUT_CURRENCY, "recommendActivitySupplierPrice": 790}
    offered[0]["skuList"].append(unknown)
    _land(landing, candidates, _encoded(offered), (ACTIVITY,))


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    with staging_of(_warehouse, (_catalogue, _goods, _bills, _answers, _promotions), RAW) as built:
        yield built


def _product(built: Built, sku: int) -> dict[str, Any]:
    [row] = built.staged("stg_temu__products", f"product_id = '{sku}'", "product_id")
    return row


def test_prices_and_stock_of_the_sku_list_are_amounts_and_pieces(built: Built) -> None:
    row = _product(built, 17000000000012)
    assert (row["current_price"], row["currency"], row["stock_quantity"]) == (Decimal("12.50"), "USD", 50)


def test_a_sku_that_is_not_for_sale_keeps_its_price_and_its_zero(built: Built) -> None:
    row = _product(built, 17000000000021)
    assert (row["current_price"], row["currency"], row["stock_quantity"]) == (Decimal("8.90"), "USD", 0)
    assert (row["listed_at"], row["is_active"]) == (at(1759449600), False)


def test_declared_prices_and_counted_stock_are_those_of_their_own_answers(built: Built) -> None:
    row = _product(built, 17000000000011)
    assert (row["current_price"], row["currency"], row["stock_quantity"]) == (Decimal("12.50"), "USD", 90)


def test_one_list_tells_creation_in_seconds_the_other_in_milliseconds(built: Built) -> None:
    assert _product(built, 17000000000011)["listed_at"] == _product(built, BY_CURSOR)["listed_at"] == at(1759449600)


def test_promotions_run_in_seconds_and_their_prices_are_minor_units_of_the_listing(built: Built) -> None:
    [activity] = built.staged("stg_temu__activities", "start_time = to_timestamp(1767139200)", "id")
    assert activity["end_time"] == at(1767744000)
    items = built.staged("stg_temu__activity_items", f"activity_id = {activity['id']}", "product_sku_id")
    assert [(row["product_sku_id"], row["activity_price"]) for row in items] == [
        ("17000000000011", Decimal("10.80")),
        ("17000000000012", Decimal("10.80")),
    ]


def test_promotions_of_the_simplified_interface_run_in_seconds_too(built: Built) -> None:
    [activity] = built.staged("stg_temu__activities", "activity_id = 'a-1'", "id")
    assert (activity["start_time"], activity["end_time"]) == (at(1767225600), at(1767312000))


def test_recommended_prices_are_minor_units_of_the_listing_and_unknown_without_one(built: Built) -> None:
    unknown, told = built.staged("stg_temu__activity_candidates", "true", "product_sku_id desc")
    assert (told["product_sku_id"], told["goods_id"]) == ("17000000000021", 600000000000020)
    assert (told["recommended_price"], told["currency"]) == (Decimal("7.90"), "USD")
    assert (told["recommended_quantity"], told["can_enrol"]) == (100, True)
    assert (unknown["product_sku_id"], unknown["recommended_price"]) == (str(WITHOUT_CURRENCY), None)
    [activity] = built.staged("stg_temu__activities", "start_time = to_timestamp(1767139200)", "id")
    assert told["activity_id"] == activity["id"]


def test_goods_of_the_page_list_have_amounts_in_text_and_one_in_minor_units(built: Built) -> None:
    tee, mug = built.staged("stg_temu__goods", "goods_id > 2", "goods_id")
    assert (tee["supply_price"], tee["retail_price"], tee["list_price"], tee["market_price"]) == (
        Decimal("12.50"), Decimal("15.99"), Decimal("29.99"), Decimal("29.99"),
    )  # fmt: skip
    assert {tee[name] for name in ("currency", "retail_currency", "list_currency")} == {"USD"}
    assert (mug["supply_price"], mug["retail_price"], mug["stock_quantity"]) == (Decimal("8.90"), Decimal("10.99"), 0)
    assert (tee["goods_code"], tee["status"], tee["sub_status"]) == ("OUT-10", "1", "2001")
    assert (tee["listed_at"], tee["status_changed_at"]) == (at(1759449600), at(1764633600))


def test_goods_of_the_cursor_list_have_milliseconds_and_no_money(built: Built) -> None:
    first, last = built.staged("stg_temu__goods", "goods_id <= 2", "goods_id")
    assert (first["listed_at"], first["status_changed_at"]) == (at(1759449600), at(1764633600))
    assert (last["listed_at"], last["status_changed_at"]) == (at(1762041600), at(1765497600))
    money = ("supply_price", "currency", "retail_price", "list_price", "market_price", "stock_quantity")
    assert {first[name] for name in money} == {None}
    assert first["status"] == "ACTIVE"


def test_what_buyers_see_is_an_amount_in_text_and_states_change_in_digits_of_a_string(built: Built) -> None:
    rows = {row["product_sku_id"]: row for row in built.staged("stg_temu__retail_prices", "true", "product_sku_id")}
    told = [(rows[sku]["retail_price"], rows[sku]["currency"]) for sku in ("17000000000011", "17000000000021")]
    assert told == [(Decimal("15.99"), "USD"), (Decimal("10.99"), "USD")]
    assert {row["status_changed_at"] for row in rows.values()} == {at(1764633600)}
    assert rows[str(BY_CURSOR)]["retail_price"] is None


def test_prices_of_a_day_are_amounts_whichever_endpoint_told_them(built: Built) -> None:
    rows = built.staged("stg_temu__price_snapshots", "true", "price_kind, sku_id")
    assert [(row["price_kind"], row["sku_id"], row["price"], row["currency"]) for row in rows] == [
        ("declared", "17000000000011", Decimal("12.50"), "USD"),
        ("declared", "17000000000012", Decimal("12.50"), "USD"),
        ("listed", "17000000000011", Decimal("12.50"), "USD"),
        ("listed", "17000000000012", Decimal("12.50"), "USD"),
        ("partner", "8000000011", Decimal("29.90"), "CNY"),
    ]
    assert {row["snapshot_date"] for row in rows} == {READ_AT.date()}


def test_price_orders_are_amounts_in_text_each_with_its_currency(built: Built) -> None:
    [order] = built.staged("stg_temu__price_orders", "true", "price_order_id")
    assert (order["price_order_id"], order["sku_ids"], order["pricing_type"]) == (7000000001, [17000000000011], "2")
    for kind, amount in (("source", "12.50"), ("target", "11.90"), ("suggested", "11.50")):
        assert (order[f"{kind}_price"], order[f"{kind}_currency"]) == (Decimal(amount), "USD")
    assert (order["reason"], order["created_at"]) == (None, None)


def test_cross_border_articles_are_made_in_milliseconds(built: Built) -> None:
    [skc] = built.staged("stg_temu__partner_goods", "true", "product_skc_id")
    assert (skc["product_skc_id"], skc["created_at"], skc["site_status"]) == (6000000001, at(1759449600), "1")


def test_a_statement_file_covers_whole_days_and_keeps_the_word_for_its_task(built: Built) -> None:
    [file] = built.staged("stg_temu__bill_files", "true", "file_type")
    assert (file["file_type"], file["period_start"], file["period_end"]) == (
        "STATEMENT_REPORT",
        date(2025, 12, 1),
        date(2026, 1, 1),
    )
    assert (file["task_status"], file["file_name"]) == ("SUCCESS", "statement-synthetic.xlsx")
    assert (file["file_bytes"], file["updated_at"]) == (512, READ_AT)
