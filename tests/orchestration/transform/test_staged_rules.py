"""Queries of the suites on staged rows, over rows made by hand: which rows a rule calls right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from orchestration.transform.suites.staged_temu import ORDERS, PRODUCTS

TABLES = {
    "stg_temu__orders": "shop_id bigint, order_sn text, product_sku text, currency text, status text,"
    " temu_status_code integer, quantity bigint, unit_price numeric, total_price numeric, order_time timestamptz,"
    " payment_time timestamptz, shipping_time timestamptz, delivery_time timestamptz, updated_at timestamptz",
    "stg_temu__products": "id bigint, shop_id bigint, product_id text, sku text, currency text, manager text,"
    " stock_quantity bigint, current_price numeric, is_active boolean",
    "stg_temu__shops": "id bigint, default_manager text",
    "stg_files__product_costs": "product_id bigint, cost_price numeric, currency text, effective_from timestamptz,"
    " effective_to timestamptz",
    "stg_files__fx_rates": "base_currency text, quote_currency text",
}
Staging = psycopg.Connection[dict[str, Any]]


@pytest.fixture
def staging(postgres_server: Any) -> Iterator[Staging]:
    url = postgres_server.create_database()
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        connection.execute("create schema if not exists staging")
        for table, columns in TABLES.items():
            connection.execute(f"create table staging.{table} ({columns})")  # type: ignore[arg-type]
        yield connection
    postgres_server.drop_database(url)


def put(staging: Staging, table: str, **row: object) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(row))
    insert = sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier("staging", table), names, marks)
    staging.execute(insert, list(row.values()))


def judged(staging: Staging, query: str, column: str) -> dict[str, object]:
    """What a query says in this column, by the key of the row."""
    rows = staging.execute(query).fetchall()  # type: ignore[arg-type]
    return {row["sample_key"]: row[column] for row in rows}


def test_times_follow_each_other_whichever_of_them_are_unknown(staging: Staging) -> None:
    ordered, paid, shipped, delivered = (f"2026-03-0{day}T00:00Z" for day in (1, 2, 3, 4))
    cases = {
        "all": (ordered, paid, shipped, delivered), "one": (None, None, None, delivered),
        "delivered before ordered": (delivered, None, None, ordered),
        "delivered before paid": (ordered, delivered, None, paid),
        "delivered before shipped": (ordered, paid, delivered, shipped),
        "shipped before paid": (ordered, shipped, paid, None),
        "shipped before ordered": (shipped, None, ordered, None), "paid before ordered": (paid, ordered, None, None),
    }  # fmt: skip
    for sn, times in cases.items():
        names = ("order_time", "payment_time", "shipping_time", "delivery_time")
        put(staging, "stg_temu__orders", shop_id=1, order_sn=sn, **dict(zip(names, times, strict=True)))
    found = judged(staging, ORDERS, "times_follow")
    assert found == {f"1/{sn}": " before " not in sn for sn in cases}


def test_n2_a_placeholder_is_no_code_beside_one(staging: Staging) -> None:
    for sn, codes in {"mixed": ("AB-1", " 1pc "), "two": ("AB-1", "ab-2"), "none": ("n/a", "Random")}.items():
        for code in codes:
            put(staging, "stg_temu__orders", shop_id=1, order_sn=sn, product_sku=code)
    rows = staging.execute(ORDERS).fetchall()  # type: ignore[arg-type]
    assert {row["sample_key"].split("/")[1] for row in rows if not row["codes_agree"]} == {"mixed"}


def test_n3_a_currency_has_one_spelling(staging: Staging) -> None:
    put(staging, "stg_files__fx_rates", base_currency=" usd", quote_currency="RMB")
    for currency in ("USD ", "cnh", "--", "EUR"):
        put(staging, "stg_temu__orders", shop_id=1, order_sn=currency, currency=currency)
    assert judged(staging, ORDERS, "has_rate") == {"1/USD ": True, "1/cnh": True, "1/--": True, "1/EUR": False}


def test_n1_to_n3_listings_are_judged_by_what_their_words_mean(staging: Staging) -> None:
    put(staging, "stg_temu__shops", id=1, default_manager=" ")
    codes = ("AB-1", "ab-1 ", "1pcs", "cd-1", "CD-1")
    for number, code in enumerate(codes, start=1):
        words = {"sku": code, "currency": "N/A", "manager": "none"}
        put(staging, "stg_temu__products", id=number, shop_id=1, product_id=str(number), **words)
    for product, price, currency in ((1, 5, "CNY"), (2, 6, "CNY"), (4, 5, "rmb"), (5, 5, "CNY")):
        since = {"effective_from": "2022-01-01T00:00Z"}
        put(staging, "stg_files__product_costs", product_id=product, cost_price=price, currency=currency, **since)
    assert list(judged(staging, PRODUCTS, "code").values()).count(None) == 1
    assert set(judged(staging, PRODUCTS, "price_currency").values()) == {None}
    assert set(judged(staging, PRODUCTS, "responsible").values()) == {None}
    costs = judged(staging, PRODUCTS, "costs_of_code")
    assert costs == {"1/1": 2, "1/2": 2, "1/3": 1, "1/4": 1, "1/5": 1}  # AB-1 has two, CD-1 one, spelt twice
