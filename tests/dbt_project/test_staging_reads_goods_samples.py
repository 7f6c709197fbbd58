"""From the platform's own answers to staging: the samples of goods and promotions, their money and times (§3.6).

Prices of lists are amounts in text, those of promotions are minor units that name no currency; creation is told in
seconds by one list and in milliseconds by the other, promotions in seconds.
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
from connectors.temu.questions import records_in
from connectors.temu.streams import STREAMS, ByCatalogue
from connectors.temu.streams.shapes import ByIds, IdQuery
from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import UPDATED, Built, Landing, at, staging_of

FIXTURES = Path(__file__).parents[1] / "fixtures" / "temu"
READ_AT = datetime.fromtimestamp(UPDATED, UTC)
RAW = ("products", "product_snapshots", "supplier_prices", "sku_stocks", "activities", "activity_goods")
ACTIVITY, BY_CURSOR = 90000001, 17000000000021


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


def _catalogue(landing: Landing) -> None:
    reading, otherwise = STREAMS["products"].reading, STREAMS["products"].otherwise
    assert isinstance(reading, ByCatalogue)
    assert isinstance(otherwise, ByCatalogue)
    pages = _result("bg.local.goods.sku.list.query")["skuList"]
    _land(landing, reading.listing.entity, _encoded(pages))
    [other] = _result("temu.local.sku.list.retrieve")["skuList"]  # the same SKU in the other list: here one of its own
    _land(landing, otherwise.listing.entity, _encoded([other | {"skuId": str(BY_CURSOR)}]))
    for sku in (*(row["skuId"] for row in pages), BY_CURSOR):
        landing.land("product_snapshots", {}, sku_id=sku, snapshot_date=READ_AT.date())


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


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    with staging_of(_warehouse, (_catalogue, _answers, _promotions), RAW) as built:
        yield built


def _product(built: Built, sku: int) -> dict[str, Any]:
    [row] = built.staged("stg_temu__products", f"product_id = '{sku}'", "product_id")
    return row


def test_prices_and_stock_of_the_sku_list_are_amounts_and_pieces(built: Built) -> None:
    row = _product(built, 17000000000012)
    assert (row["current_price"], row["currency"], row["stock_quantity"]) == (Decimal("12.50"), "USD", 50)


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
