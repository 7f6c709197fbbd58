"""Staging says what the platform's answers mean (§3.6): quantities, minor units, times, deliveries, refunds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.landing import PLACED, SHIPPED, UPDATED, Built, Landing, at, money

RAW = ("orders", "order_versions", "order_amounts", "order_details", "products", "product_snapshots")
RAW += ("activities", "activity_goods", "after_sales", "after_sales_details")
FILES = ("product_costs", "product_managers", "order_charges", "settlement_lines", "inventory_snapshots")


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Iterator[Built]:
    tables = [f"raw_temu.{t}" for t in RAW] + [f"raw_files.{t}" for t in FILES] + ["ops.shops"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNI_DATABASE_URL", _warehouse.url)
        _warehouse.empty()
        _warehouse.dbt("build", "--exclude-resource-type", "unit_test")  # an empty database builds whole
        _land_everything(_warehouse)
        _warehouse.dbt("build", "--exclude-resource-type", "unit_test")
        yield Built(_warehouse)
        _warehouse.execute(f"truncate {', '.join(tables)} cascade")


def _land_everything(warehouse: Warehouse) -> None:
    warehouse.execute(
        "insert into ops.shops (id, temu_shop_id, shop_name, region, gateway, app_key, default_manager) "
        "values (1, 634418210, 'US one', 'US', 'US', 'key', 'kim')"
    )
    landing = Landing(warehouse)
    for land in (
        _odd_lines,
        _sent_lines,
        _priced_lines,
        _delivered_lines,
        _refunded_lines,
        _settled_lines,
        _catalogue,
        _freight,
    ):
        land(landing)


def _line(sn: str, status: int | None = 4, ordered: int = 1, cancelled: int = 0, **more: object) -> dict[str, Any]:
    product = {"productId": 5001, "productSkuId": 8001, "soldFactor": 1, "extCode": "SYN-1"}
    return {
        "orderSn": sn, "orderStatus": status, "originalOrderQuantity": ordered, "quantity": ordered - cancelled,
        "canceledQuantityBeforeShipment": cancelled, "skuId": 17001, "goodsId": 6001, "goodsName": "Tee",
        "productList": [product], "orderShippingTime": None,
    } | more  # fmt: skip


def _odd_lines(landing: Landing) -> None:
    landing.order(
        "PO-1", [_line("O-1", 5, ordered=3, cancelled=1, orderShippingTime=SHIPPED * 1000), _line("O-2", None)]
    )
    landing.order("PO-2", [_line("O-3", productList=None), {"orderSn": "O-4", "quantity": "many", "futureField": {}}])


def test_lines_carry_the_articles_of_the_product_list_and_what_is_left_to_fulfil(built: Built) -> None:
    first, second, third, fourth = built.staged("stg_temu__orders", "parent_order_sn in ('PO-1', 'PO-2')", "order_sn")
    assert (first["product_sku_id"], first["product_sku"], first["spu_id"]) == ("8001", "SYN-1", "5001")
    assert (first["quantity"], first["temu_status_code"], first["shipping_country"]) == (2, 5, "US")
    assert first["shipping_time"] == at(SHIPPED)  # thirteen digits are milliseconds
    assert (first["order_time"], first["parent_order_sn"], first["shop_id"]) == (at(PLACED), "PO-1", 1)
    assert (second["temu_status_code"], second["shipping_time"]) == (
        4,
        at(SHIPPED),
    )  # the parent's where the child is silent
    assert (third["product_sku"], third["product_name"]) == (None, "Tee")
    assert (fourth["quantity"], fourth["total_price"]) == (None, None)


def _sent_lines(landing: Landing) -> None:
    for sn in ("PO-W1", "PO-W2", "PO-W3", "PO-W4"):
        landing.order(sn, [_line(f"W-{sn[-1]}1"), _line(f"W-{sn[-1]}2")])
    landing.detail("PO-W1", " North Carolina ")
    landing.detail("PO-W2", "")
    landing.land("order_details", {"parentOrderMap": "?", "orderList": None}, parent_order_sn="PO-W3")


def test_lines_go_to_the_state_that_the_detail_names_and_without_one_it_is_unknown(built: Built) -> None:
    lines = built.staged("stg_temu__orders", "parent_order_sn like 'PO-W%'", "order_sn")
    assert {line["shipping_country"] for line in lines} == {"US"}
    assert {(line["parent_order_sn"], line["shipping_state"]) for line in lines} == {
        ("PO-W1", "North Carolina"),
        ("PO-W2", None),
        ("PO-W3", None),
        ("PO-W4", None),
    }
    assert len(lines) == 8


def _priced_lines(landing: Landing) -> None:
    landing.order("PO-M1", [_line("M-1", ordered=3, cancelled=1), _line("M-2", ordered=3, cancelled=2)])
    landing.order("PO-M2", [_line("M-3", ordered=3, cancelled=1)])
    amounts = [
        {"orderSn": "M-1", "quantity": 3, "unitBasePrice": money(1000), "basePrice": money(3000),
         "discountFromSeller": money(150), "discountFromTEMU": money(200), "unitRetailPrice": money(1299)},
        {"orderSn": "M-2", "quantity": 3, "unitBasePrice": money(1001), "basePrice": money(3003),
         "discountFromSeller": None},
    ]  # fmt: skip
    yen = {"orderSn": "M-3", "quantity": 3, "unitBasePrice": money(1200, "JPY"), "basePriceTotal": money(3600, "JPY"),
           "basePriceSellerDiscount": money(200, "JPY"), "basePriceDiscountedTotal": money(3400, "JPY")}  # fmt: skip
    landing.land("order_amounts", {"parentOrderMap": {}, "orderList": amounts}, parent_order_sn="PO-M1", api_type="v1")
    landing.land("order_amounts", {"parentOrderMap": {}, "orderList": [yen]}, parent_order_sn="PO-M2", api_type="v2")


def test_money_is_the_sellers_base_price_for_the_units_left_in_whole_minor_units(built: Built) -> None:
    lines = built.staged("stg_temu__orders", "parent_order_sn like 'PO-M%'", "order_sn")
    prices = [(line["unit_price"], line["total_price"], line["currency"]) for line in lines]
    assert prices == [
        (Decimal("10.00"), Decimal("19.00"), "USD"),
        (Decimal("10.01"), Decimal("10.01"), "USD"),
        (Decimal("1200"), Decimal("2267"), "JPY"),
    ]


def _delivered_lines(landing: Landing) -> None:
    landing.order("PO-D", [_line("D-1", 5), _line("D-2", 5), _line("D-3", 4)], parentOrderStatus=51)
    for updated, statuses in ((1767500000, {"D-1": 5, "D-2": 4}), (1767400000, {"D-1": 4}), (1767600000, {"D-1": 5})):
        landing.warehouse.execute(
            "insert into raw_temu.order_versions (shop_id, parent_order_sn, parent_status, line_statuses, "
            f"source_updated_at, payload_hash, run_id) values (1, 'PO-D', 4, '{json.dumps(statuses)}', "
            f"to_timestamp({updated}), 'h', 'r')"
        )


def test_delivery_is_the_first_time_a_line_was_seen_received(built: Built) -> None:
    lines = built.staged("stg_temu__orders", "parent_order_sn = 'PO-D'", "order_sn")
    times = {line["order_sn"]: line["delivery_time"] for line in lines}
    assert times == {"D-1": at(1767500000), "D-2": at(UPDATED), "D-3": None}


def _after_sales(
    landing: Landing, parent: str, sn: str, cases: list[dict[str, Any]], status: int = 5, kind: int = 1
) -> None:
    entry = {
        "parentAfterSalesSn": sn,
        "parentOrderSn": parent,
        "parentAfterSalesStatus": status,
        "afterSalesType": kind,
    }
    key = {"parent_after_sales_sn": sn, "parent_order_sn": parent}
    landing.land("after_sales", entry | {"createAt": PLACED}, **key, status=status)
    if cases:
        landing.land("after_sales_details", {"afterSalesList": cases}, **key)


def _case(sn: str, order_sn: str, buyer_refund: int, units: int = 1, status: int = 5) -> dict[str, Any]:
    info = {"skuId": 17001, "productList": [{"productSkuId": 8001, "extCode": "SYN-1"}]}
    return {"afterSalesSn": sn, "orderSn": order_sn, "afterSalesStatus": status, "applyAfterSalesGoodsNumber": units,
            "applyRefundAmount": money(buyer_refund), "afterSalesGoodsInfo": info}  # fmt: skip


def _amounts(landing: Landing, parent: str, orders: list[str], deduction: int, shipping: int = 0) -> None:
    lines = [{"orderSn": sn, "quantity": 2, "unitBasePrice": money(1000), "basePrice": money(2000)} for sn in orders]
    head = {"estimatedRevenueDeduction": money(deduction), "shippingAmountTotal": money(shipping)}
    landing.land("order_amounts", {"parentOrderMap": head, "orderList": lines}, parent_order_sn=parent, api_type="v1")


def _refunded_lines(landing: Landing) -> None:
    landing.order("PO-R", [_line("R-1", 5, ordered=2, cancelled=1), _line("R-2", 5, ordered=2)])
    _amounts(landing, "PO-R", ["R-1", "R-2"], 1000 + 1000)  # one unit cancelled before shipment, 10.00 of refunds
    _after_sales(landing, "PO-R", "PA-1", [_case("PA-1-1", "R-1", 633), _case("PA-1-2", "R-2", 1266)], kind=2)
    _after_sales(landing, "PO-R", "PA-2", [_case("PA-2-1", "R-2", 500, status=1)], status=1)
    _after_sales(landing, "PO-R", "PA-3", [], status=77)
    for parent in ("PO-RU", "PO-R0"):
        landing.order(parent, [_line(f"{parent}-1", 5), _line(f"{parent}-2", 5)])
        _amounts(landing, parent, [], 1000)
    _after_sales(landing, "PO-RU", "PB-1", [_case("PB-1-1", "PO-RU-1", 1266), _case("PB-1-2", "PO-RU-2", 0, units=3)])
    _after_sales(
        landing, "PO-R0", "PC-1", [_case("PC-1-1", "PO-R0-1", 0, units=0), _case("PC-1-2", "PO-R0-2", 0, units=0)]
    )


def test_completed_cases_share_the_deduction_without_cancelled_units_by_what_buyers_got(built: Built) -> None:
    refunds = built.staged("stg_temu__refunds", "refund_sn like 'PA-%'", "refund_sn")
    assert [(r["refund_sn"], r["status"], r["refund_amount"], r["is_restocked"]) for r in refunds] == [
        ("PA-1-1", "completed", Decimal("3.33"), True),
        ("PA-1-2", "completed", Decimal("6.67"), True),
        ("PA-2-1", "requested", Decimal("10.00"), False),
        ("PA-3", "requested", None, False),
    ]


def test_cases_share_the_deduction_by_units_where_one_buyer_got_nothing_never_by_money_and_units(built: Built) -> None:
    refunds = built.staged("stg_temu__refunds", "refund_sn like 'PB-%' or refund_sn like 'PC-%'", "refund_sn")
    assert [(r["refund_sn"], r["refund_amount"]) for r in refunds] == [
        ("PB-1-1", Decimal("2.50")),
        ("PB-1-2", Decimal("7.50")),
        ("PC-1-1", Decimal("5.00")),  # a case of no unit at all is one case
        ("PC-1-2", Decimal("5.00")),
    ]


def _settled_lines(landing: Landing) -> None:
    landing.order("PO-S", [_line("S-1", 5, ordered=2)])
    _amounts(landing, "PO-S", ["S-1"], 2000)
    _after_sales(landing, "PO-S", "PS-1", [_case("PS-1-1", "S-1", 633)])
    settled = {
        "shop_id": 1,
        "settlement_sn": "S-1",
        "parent_order_sn": "PO-S",
        "currency": "USD",
        "settled_at": at(UPDATED),
    }
    landing.file("settlement_lines", **settled, line_no=1, line_type="sales_receipt", amount=40)
    landing.file("settlement_lines", **settled, line_no=2, line_type="sales_reversal", amount="-7.77")
    landing.order("PO-U", [_line("U-1", 5, ordered=2)])  # no answer of the amount query
    _after_sales(landing, "PO-U", "PU-1", [_case("PU-1-1", "U-1", 633, units=2)])


def test_settled_reversals_say_better_than_the_deduction_what_was_lost(built: Built) -> None:
    [refund] = built.staged("stg_temu__refunds", "refund_sn = 'PS-1-1'", "refund_sn")
    assert (refund["refund_amount"], refund["currency"]) == (Decimal("7.77"), "USD")


def test_without_any_order_money_a_refund_is_worth_the_supply_price(built: Built) -> None:
    [refund] = built.staged("stg_temu__refunds", "refund_sn = 'PU-1-1'", "refund_sn")
    assert (refund["refund_amount"], refund["currency"]) == (Decimal("25.00"), "USD")


def _listing(landing: Landing, sku_id: int, code: str) -> None:
    entry = {"skuId": sku_id, "skuSn": code, "goodsName": "Tee", "price": "12.50", "currency": "USD", "stock": 90,
             "goodsIsOnSale": 1, "crtTime": PLACED}  # fmt: skip
    landing.land("products", entry, sku_id=sku_id, goods_id=6001, sku_code=code)


def _catalogue(landing: Landing) -> None:
    _listing(landing, 17001, "syn-1 ")
    _listing(landing, 17002, "SYN-1")
    _listing(landing, 17003, "SYN-2")
    landing.file("product_costs", sku_code="Syn-1", cost_price=3, currency="RMB", effective_from=at(PLACED))
    landing.file("product_costs", shop_id=1, sku_code="SYN-1", cost_price=4, currency="CNY", effective_from=at(PLACED))
    since = {"currency": "CNY", "effective_from": at(PLACED)}
    landing.file("product_costs", sku_code="SYN-2", cost_price=9, **since, closed_at=at(SHIPPED))
    landing.file("product_managers", sku_code="SYN-1", manager="lee", category="tees")
    landing.file("product_managers", sku_code="SYN-1", manager="mia", effective_from=at(PLACED))
    landing.file("inventory_snapshots", snapshot_date=date(2026, 1, 2), shop_id=1, sku_code="SYN-1", on_hand=7)


def test_files_speak_of_articles_and_reach_every_listing_of_them(built: Built) -> None:
    products = built.staged("stg_temu__products", "true", "product_id")
    assert [(p["manager"], p["current_price"], p["is_active"]) for p in products] == [
        ("mia", Decimal("12.50"), True), ("mia", Decimal("12.50"), True), (None, Decimal("12.50"), True)
    ]  # fmt: skip
    costs = built.staged("stg_files__product_costs", "true", "id")
    first, second, third = (p["id"] for p in products)
    # A row of the shop goes first; a later start ends an open cost, though its file does not say so.
    assert sorted((c["product_id"], c["cost_price"], c["effective_to"]) for c in costs) == sorted(
        [(first, Decimal(4), None), (second, Decimal(4), None), (third, Decimal(9), at(SHIPPED))]
    )
    counts = built.staged("stg_files__inventory_snapshots", "true", "product_id")
    assert (len(counts), sum(count["on_hand"] for count in counts)) == (2, 7)


def _freight(landing: Landing) -> None:
    landing.order("PO-F1", [_line("F-1", 5, ordered=2)])
    landing.order("PO-F2", [_line("F-2", 5, ordered=2)])
    landing.order("PO-F3", [_line("F-3", 3)], parentOrderStatus=3)
    landing.order("PO-F4", [_line("F-4", None)], parentOrderStatus=None)
    for number in ("1", "2", "3", "4"):
        _amounts(landing, f"PO-F{number}", [f"F-{number}"], 0, shipping=299)
    told = {"shop_id": 1, "currency": "CNY", "charge_date": date(2026, 1, 3)}
    landing.file("order_charges", **told, parent_order_sn="PO-F2", charge_type="freight_income", amount=1)
    landing.file("order_charges", **told, parent_order_sn="PO-F3", charge_type="penalty", amount=5)


def test_shipping_income_is_a_charge_unless_files_tell_it_or_the_order_is_cancelled(built: Built) -> None:
    charges = built.warehouse.rows(
        "select parent_order_sn, charge_type, amount from intermediate.int_order_charges__typed order by 1, 2"
    )
    assert [tuple(charge.values()) for charge in charges] == [
        ("PO-F1", "freight_income", Decimal("2.99")),
        ("PO-F2", "freight_income", Decimal(1)),
        ("PO-F3", "penalty", Decimal(5)),
        ("PO-F4", "freight_income", Decimal("2.99")),  # of unknown status: neither pending nor cancelled
    ]


def test_a_line_without_product_list_reaches_its_listing_by_the_platforms_own_link(built: Built) -> None:
    lines = built.warehouse.rows(
        "select order_sn, match_method, sku_code, manager from marts.fct_order_lines_costed "
        "where order_sn in ('O-1', 'O-3', 'O-4') order by order_sn"
    )
    assert [tuple(line.values()) for line in lines] == [
        ("O-1", "sku_code", "SYN-1", "mia"), ("O-3", "fk", "SYN-1", "mia"), ("O-4", "unmatched", "UNKNOWN", "kim")
    ]  # fmt: skip
