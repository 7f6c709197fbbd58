"""Staging knows declared prices and counted stock (§3.6), cursor lists, and orders of the simplified REST interface."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.temu.entities import number_of
from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import PLACED, Built, Landing, at, staging_of

FIXTURES = Path(__file__).parents[1] / "fixtures" / "temu"
RAW = ("orders", "products", "product_snapshots", "supplier_prices", "sku_stocks", "partner_goods", "partner_prices")
RAW += ("activities",)
TODAY, LONG_AGO = date(2026, 1, 8), date(2025, 12, 8)
PLAIN = 7


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    with staging_of(_warehouse, (_priced, _by_cursor, _cross_border, _plain), RAW) as built:
        yield built
    _warehouse.execute(f"delete from ops.shops where id = {PLAIN}")


def _listed(landing: Landing, sku_id: int, **more: object) -> None:
    entry = {"skuId": sku_id, "skuSn": f"SYN-{sku_id}", "goodsName": "Tee", "price": "12.50", "currency": "USD"}
    entry |= {"stock": 90, "goodsIsOnSale": 1, "crtTime": PLACED} | more
    landing.land("products", entry, sku_id=sku_id, goods_id=6001, sku_code=entry["skuSn"])
    landing.land("product_snapshots", {}, sku_id=sku_id, snapshot_date=TODAY)


def _declared(landing: Landing, sku_id: int, day: date, amount: object, currency: str = "usd") -> None:
    price = {"skuId": sku_id, "supplierPrice": {"amount": amount, "currency": currency}}
    landing.land("supplier_prices", price, sku_id=sku_id, snapshot_date=day)


def _counted(landing: Landing, sku_id: int, day: date, ordinary: object, certified: object = None) -> None:
    stock = {"selfOrdinaryStock": {"stock": ordinary}, "certOrdinaryStock": {"stock": certified}}
    landing.land("sku_stocks", {"skuId": sku_id} | stock, sku_id=sku_id, snapshot_date=day)


def _priced(landing: Landing) -> None:
    for sku_id in range(1, 6):
        _listed(landing, sku_id)
    _declared(landing, 1, date(2026, 1, 7), "11.00")
    _declared(landing, 1, TODAY, "10.90")
    _declared(landing, 2, LONG_AGO, "1.00")
    _declared(landing, 3, TODAY, "cheap")
    _counted(landing, 1, TODAY, 80, 3)
    _counted(landing, 2, LONG_AGO, 1)
    _counted(landing, 3, TODAY, None, 4)
    _counted(landing, 4, TODAY, 0)


def _products(built: Built, shop_id: int = 1) -> dict[str, dict[str, Any]]:
    return {row["product_id"]: row for row in built.staged("stg_temu__products", f"shop_id = {shop_id}", "product_id")}


def test_the_current_price_is_the_declared_one_where_it_is_granted_and_fresh(built: Built) -> None:
    rows = _products(built)
    told = [(rows[sku]["current_price"], rows[sku]["currency"]) for sku in ("1", "2", "3", "4")]
    listed = (Decimal("12.50"), "USD")
    assert told == [(Decimal("10.90"), "USD"), listed, listed, listed]


def test_the_stock_is_the_counted_one_where_it_is_fresh_and_zero_is_a_count(built: Built) -> None:
    rows = _products(built)
    assert [rows[sku]["stock_quantity"] for sku in ("1", "2", "3", "4", "5")] == [83, 90, 90, 0, 90]


def _by_cursor(landing: Landing) -> None:
    page = json.loads((FIXTURES / "temu.local.sku.list.retrieve.json").read_text())["result"]
    [entry] = page["skuList"]
    landing.land("products", entry, sku_id=17000000000011, goods_id=600000000000010, sku_code=entry["outSkuSn"])
    _declared(landing, 17000000000011, TODAY, "12.50")


def test_a_listing_of_the_cursor_list_reads_like_one_of_the_page_list(built: Built) -> None:
    row = _products(built)["17000000000011"]
    assert (row["sku"], row["product_name"], row["is_active"]) == ("SYN-TEE-BLK-M", "Synthetic Tee", True)
    assert (row["current_price"], row["stock_quantity"]) == (Decimal("12.50"), 90)
    assert row["listed_at"] == at(1759449600)


def _cross_border(landing: Landing) -> None:
    _listed(landing, 41, skuSn="SYN-TEE-BLK-M", price=None, currency=None)
    page = json.loads((FIXTURES / "bg.glo.goods.list.get.json").read_text())["result"]
    landing.land("partner_goods", page["data"][0], product_skc_id=6000000001)
    for day, cents in ((LONG_AGO, 1), (TODAY, 2990)):
        price = {"productSkuId": 8000000011, "supplierPrice": cents, "currencyType": "CNY"}
        landing.land("partner_prices", price, product_sku_id=8000000011, snapshot_date=day)


def test_a_cross_border_article_without_a_price_has_the_one_declared_to_the_partner_gateway(built: Built) -> None:
    row = _products(built)["41"]
    assert (row["current_price"], row["currency"]) == (Decimal("29.90"), "CNY")


def _plain(landing: Landing) -> None:
    landing.warehouse.execute(
        f"""
        insert into ops.shops (id, temu_shop_id, shop_name, region, gateway, app_key, dialect)
        overriding system value values ({PLAIN}, 634418000000077, 'Plain US', 'US', 'US', 'k', 'rest')
        """
    )
    for name, rows, table, key in (
        ("order-list", "order_list", "orders", "parent_order_sn"),
        ("product-list", "product_list", "products", "sku_id"),
        ("activity-list", "activity_list", "activities", "activity_id"),
    ):
        result = json.loads((FIXTURES / f"seed-dialect.{name}.json").read_text())["result"]
        for row in result[rows]:
            own = row.get("order_sn") or number_of(row.get("product_id") or row.get("activity_id"))
            more = {"starts_at": at(row["start_time"])} if table == "activities" else {}
            landing.land(table, row, shop_id=PLAIN, **{key: own}, **more)


def test_a_flat_order_is_one_line_with_its_own_money_and_a_word_for_its_status(built: Built) -> None:
    first, second = built.staged("stg_temu__orders", f"shop_id = {PLAIN}", "order_sn")
    assert (first["order_sn"], first["parent_order_sn"], first["temu_order_id"]) == ("SEED-1001", None, "900000000001")
    assert (first["product_sku"], first["quantity"], first["currency"]) == ("SYN-TEE-BLK-M", 2, "USD")
    assert (first["unit_price"], first["total_price"]) == (Decimal("12.50"), Decimal("25.00"))
    assert [row["status"] for row in (first, second)] == ["shipped", "refunded"]
    assert (first["temu_status_code"], first["delivery_time"]) == (None, None)
    assert (first["order_time"], first["payment_time"]) == (at(1767229200), at(1767229300))
    assert (second["shipping_time"], second["delivery_time"]) == (at(1767312000), at(1767744000))
    assert (first["customer_id"], first["shipping_country"]) == ("c-0001", "US")
    assert first["id"] != second["id"]


def test_a_flat_product_and_activity_keep_their_text_ids(built: Built) -> None:
    [(product_id, product)] = _products(built, PLAIN).items()
    assert (product_id, product["sku"], product["is_active"]) == ("p-1", "SYN-TEE-BLK-M", True)
    assert (product["current_price"], product["currency"]) == (Decimal("15.99"), "USD")
    assert (product["stock_quantity"], product["category"]) == (90, "T-shirts")
    [activity] = built.staged("stg_temu__activities", f"shop_id = {PLAIN}", "id")
    assert (activity["activity_id"], activity["activity_type"], activity["status"]) == ("a-1", "flash_sale", "running")
    assert activity["start_time"] == at(1767225600)
