"""Random companies: every line and every total of the marts equals the rules written down once more in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.rulebook import Book, Row, ratio

START = datetime(2026, 1, 20, tzinfo=UTC)
COMPARED = """parent_key status is_sale order_date order_date_local match_method matched_product_id sku_code manager
units price_source gmv_cny refund_cny units_refunded refund_inferred net_revenue_cny cost_status cost_overlap cogs_units
cogs_cny est_cogs_cny platform_fee_cny payment_fee_cny charges_cny profit_cny profit_est_cny profit_margin""".split()
TABLES = {
    "stg_temu__shops": ("shops", "id bigint, shop_name text, region text, timezone text, default_manager text, environment text"),
    "stg_temu__orders": (
        "orders",
        "id bigint, shop_id bigint, order_sn text, parent_order_sn text, product_id bigint, product_sku_id text, "
        "product_sku text, spu_id text, quantity bigint, unit_price numeric, total_price numeric, currency text, "
        "status text, temu_status_code integer, order_time timestamptz, payment_time timestamptz, "
        "shipping_time timestamptz, updated_at timestamptz",
    ),
    "stg_temu__products": (
        "products",
        "id bigint, shop_id bigint, product_id text, sku text, spu_id text, current_price numeric, currency text, "
        "is_active boolean, manager text",
    ),
    "stg_files__product_costs": (
        "costs",
        "id bigint, product_id bigint, cost_price numeric, currency text, effective_from timestamptz, "
        "effective_to timestamptz, created_at timestamptz",
    ),
    "stg_files__fx_rates": (
        "rates", "base_currency text, quote_currency text, rate numeric, effective_from date, effective_to date"
    ),
    "stg_files__fee_rates": (
        "fees", "id bigint, fee_type text, shop_id bigint, rate numeric, effective_from date, effective_to date"
    ),
    "stg_temu__refunds": (
        "refunds",
        "id bigint, refund_sn text, shop_id bigint, order_sn text, product_sku text, refund_quantity bigint, "
        "refund_amount numeric, currency text, is_restocked boolean, status text, updated_at timestamptz",
    ),
    "stg_files__order_charges": (
        "charges",
        "id bigint, shop_id bigint, parent_order_sn text, charge_type text, amount numeric, currency text, charge_date date",
    ),
}  # fmt: skip


def _amount(dice: random.Random, top: int) -> Decimal:
    return Decimal(dice.randrange(0, top)) / 100


def _instant(dice: random.Random) -> datetime:
    return START + timedelta(hours=dice.randrange(0, 24 * 60), seconds=dice.choice([0, 0, 1, 1799]))


def _day(dice: random.Random) -> date:
    return _instant(dice).date()


def random_book(seed: int, parents: int) -> Book:
    """A company in which every rule has something to decide."""
    dice = random.Random(seed)
    shops = [
        {"id": 1, "region": "US", "default_manager": "kim"},
        {"id": 2, "region": "DE", "environment": "production"},
        {"id": 3, "region": "JP", "timezone": "Australia/Sydney", "default_manager": " n/a "},
        {"id": 4, "region": "GLOBAL", "environment": "sandbox"},
    ]
    shops = [
        {"timezone": None, "default_manager": None, "environment": None, "shop_name": f"s{s['id']}"} | s for s in shops
    ]
    products = [
        {
            "id": number, "shop_id": dice.randrange(1, 5), "product_id": str(dice.randrange(900, 925)),
            "sku": dice.choice(["AB-1", "ab-2 ", "CD-3", "EF-4", "1pc", None]), "spu_id": dice.choice(["S1", "S2", "S3", "S4", "S5", None]),
            "current_price": dice.choice([None, Decimal(0), _amount(dice, 3000)]), "currency": dice.choice(["CNY", "USD", "RMB", None]),
            "is_active": dice.random() < 0.7, "manager": dice.choice(["lee", "mia", "noa", "--", None]),
        }
        for number in range(1, 31)
    ]  # fmt: skip
    book = Book(shops, [], products, [], [], [], [], [])
    book.costs = [_cost(dice, number) for number in range(1, 61)]
    book.rates = [
        {"base_currency": base, "quote_currency": "CNY", "rate": Decimal(dice.randrange(500, 90000)) / 10000,
         "effective_from": START.date() + timedelta(days=start), "effective_to": end and START.date() + timedelta(days=end)}
        for base, start, end in [("USD", -1, None), ("usd", 20, 30), ("EUR", 5, 50), ("JPY", 10, None)]
    ]  # fmt: skip
    book.fees = [
        {"id": n, "fee_type": kind, "shop_id": shop, "rate": Decimal(rate), "effective_from": START.date() + timedelta(days=start), "effective_to": None}
        for n, (kind, shop, rate, start) in enumerate([("payment", None, "0.013", -9), ("platform", 2, "0.085", 9), ("platform", 2, "0.09", 30)])
    ]  # fmt: skip
    for parent in range(parents):
        _add_parent(dice, book, parent)
    return book


def _cost(dice: random.Random, number: int) -> Row:
    start = _instant(dice)
    return {
        "id": number, "product_id": dice.randrange(1, 28), "cost_price": dice.choice([None, Decimal(-1), *[_amount(dice, 5000) for _ in range(9)]]),
        "currency": dice.choice(["CNY", "rmb", "USD", None]), "effective_from": start,
        "effective_to": dice.choice([None, start, start + timedelta(days=dice.randrange(-2, 40))]), "created_at": _instant(dice),
    }  # fmt: skip


def _add_parent(dice: random.Random, book: Book, parent: int) -> None:
    shop, placed = dice.choice([1, 1, 2, 2, 3, 4, 99]), _instant(dice)
    sn = dice.choice([f"P-{parent}", f"P-{parent}", f"P-{parent // 2}", None])
    for child in range(dice.randrange(1, 4)):
        number = len(book.orders) + 1
        line = {
            "id": number, "shop_id": shop, "order_sn": f"O-{parent}-{child}", "parent_order_sn": sn,
            "product_id": dice.choice([None, None, dice.randrange(1, 31)]), "product_sku_id": dice.choice([None, str(dice.randrange(900, 960))]),
            "product_sku": dice.choice(["AB-1", " ab-1", "CD-3", "ZZ-9", "Random 1pc", None]), "spu_id": dice.choice(["S1", "S4", "S9", None]),
            "quantity": dice.choice([0, 1, 1, 1, 2, 3, 7, None]), "unit_price": dice.choice([None, _amount(dice, 3000)]),
            "total_price": dice.choice([None, Decimal(0), _amount(dice, 9000), _amount(dice, 9000)]), "currency": dice.choice(["USD", "usd", "EUR", "JPY", "CNH", "XXX", None]),
            "status": dice.choice([None, "PAID", "已退款", "completed", "strange", "Cancelled"]), "temu_status_code": dice.choice([None, None, 0, 1, 2, 3, 4, 4, 41, 5, 5, 51, 7]),
            "order_time": dice.choice([None, placed, placed + timedelta(hours=1)]), "payment_time": dice.choice([None, placed]),
            "shipping_time": dice.choice([None, placed + timedelta(days=2)]), "updated_at": placed + timedelta(minutes=number),
        }  # fmt: skip
        book.orders.append(line)
        if dice.random() < 0.1:  # an older or a newer version, of the row or of the line
            again = {"updated_at": line["updated_at"] + timedelta(days=dice.choice([-1, 1])), "quantity": 5}
            book.orders.append(line | again | {"id": dice.choice([number, 100_000 + number])})
        _add_refunds(dice, book, line)
    for _ in range(dice.choice([0, 0, 1, 2])):
        kind = dice.choice(["penalty", "label", "first_mile", "last_mile", "other_fee", "subsidy", "freight_income"])
        book.charges.append(
            {"id": len(book.charges) + 1, "shop_id": shop, "parent_order_sn": dice.choice([sn, sn, f"O-{parent}-0", "P-x"]), "charge_type": kind,
             "amount": _amount(dice, 2000), "currency": dice.choice(["CNY", "USD", "EUR"]), "charge_date": _day(dice)}
        )  # fmt: skip


def _add_refunds(dice: random.Random, book: Book, line: Row) -> None:
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        number = len(book.refunds) + 1
        case = {
            "id": number, "refund_sn": f"R-{number}", "shop_id": line["shop_id"], "order_sn": line["order_sn"],
            "product_sku": dice.choice([None, "ab-1", line["product_sku"], "QQ"]), "refund_quantity": dice.choice([0, 1, 2]),
            "refund_amount": _amount(dice, 6000), "currency": dice.choice(["USD", "EUR", "CNY", "XXX"]), "is_restocked": dice.random() < 0.5,
            "status": dice.choice(["completed", "completed", "completed", "requested", "rejected"]), "updated_at": line["updated_at"],
        }  # fmt: skip
        book.refunds.append(case)
        if dice.random() < 0.1:
            book.refunds.append(
                case
                | {
                    "id": 50_000 + number,
                    "refund_amount": Decimal("1.11"),
                    "updated_at": case["updated_at"] + timedelta(days=1),
                }
            )


def _fill(warehouse: Warehouse, book: Book) -> None:
    for model, (attribute, columns) in TABLES.items():
        types = dict(column.strip().split(" ") for column in columns.split(","))
        warehouse.fill(model, types, getattr(book, attribute))


@pytest.mark.parametrize("seed", [7])
def test_every_line_and_total_follows_the_rules(warehouse: Warehouse, seed: int) -> None:
    book = random_book(seed, parents=400)
    _fill(warehouse, book)
    warehouse.build_marts("--vars", "{as_of_date: '2026-03-25'}")
    expected = {line["id"]: line for line in book.lines()}
    built = {row["order_line_id"]: row for row in warehouse.rows("select * from marts.fct_order_lines_costed")}
    assert built.keys() == expected.keys()
    for number, line in expected.items():
        differences = {
            name: (built[number][name], line[name]) for name in COMPARED if built[number][name] != line[name]
        }
        assert not differences, (line["order_sn"], differences)
    rows = warehouse.rows("select entity, id, reason from marts.dq_quarantined_rows")
    assert {(row["entity"], row["id"]): row["reason"] for row in rows} == book.quarantined
    _check_days(warehouse, list(expected.values()))


def _check_days(warehouse: Warehouse, lines: list[Row]) -> None:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for line in lines:
        groups[(line["order_date"], line["shop_id"])].append(line)
    rows = warehouse.rows("select * from marts.mart_gmv_daily where orders_all > 0")
    assert {(row["order_date"], row["shop_id"]) for row in rows} == groups.keys()
    for row in rows:
        expected = _measures(groups[(row["order_date"], row["shop_id"])])
        assert {name: row[name] for name in expected} == expected


def _measures(lines: list[Row]) -> Row:
    sales, costed = [x for x in lines if x["is_sale"]], [x for x in lines if x["profit_cny"] is not None]
    sold = {x["parent_key"] for x in sales}
    cancelled = {x["parent_key"] for x in lines if x["status"] == "cancelled"} - sold
    total = lambda name, rows: sum((x[name] or 0 for x in rows), Decimal("0.00"))  # noqa: E731
    gmv, refund, net = (total(name, lines) for name in ("gmv_cny", "refund_cny", "net_revenue_cny"))
    costed_net, profit = total("net_revenue_cny", costed), total("profit_cny", costed)
    return {
        "orders_all": len({x["parent_key"] for x in lines}), "orders": len(sold), "cancelled_orders": len(cancelled),
        "order_lines": len(sales), "units_sold": sum(x["units"] for x in lines), "gmv_cny": gmv, "refund_cny": refund,
        "net_revenue_cny": net, "costed_net_revenue_cny": costed_net, "profit_cny": profit,
        "profit_est_cny": total("profit_est_cny", lines), "cogs_cny": total("cogs_cny", costed),
        "charges_cny": total("charges_cny", costed), "payment_fee_cny": total("payment_fee_cny", costed),
        "unpriced_lines": len([x for x in sales if x["gmv_cny"] is None]),
        "uncosted_lines": len([x for x in sales if x["cogs_cny"] is None]),
        "profit_margin": ratio(profit, costed_net), "cost_coverage": ratio(costed_net, net),
        "refund_rate": ratio(refund, gmv), "cancel_rate": ratio(Decimal(len(cancelled)), Decimal(len(sold) + len(cancelled))),
    }  # fmt: skip
