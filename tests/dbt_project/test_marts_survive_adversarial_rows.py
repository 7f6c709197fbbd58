"""No row that somebody can put into staging stops a build or shakes the numbers of the rows beside it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.dbt_project.conftest import Warehouse

AS_OF = ("--vars", "{as_of_date: '2026-03-01'}")
NASTY = [
    None,
    "",
    " nan ",
    "N/A",
    "abc",
    "-1",
    "0",
    "1e400",
    "99999999999999999999999",
    "NaN",
    "Infinity",
    "1,5",
    "ünï🙂'\"\\",
]
NASTY_TIMES = [
    None,
    "",
    "yesterday",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "infinity",
    "1767243600",
    "1767243600000",
]
NASTY_TIMES += ["2026-03-01T00:00:00Z", "294276-12-31", "2026-03-01 08:00", "99999999999999999", "now"]

SHOPS = dict.fromkeys(["id", "shop_name", "region", "timezone", "environment", "settlement_lag_days"], "text")
ORDERS = {
    "id": "text", "shop_id": "text", "order_sn": "text", "parent_order_sn": "text", "product_id": "text",
    "product_sku_id": "text", "product_sku": "text", "spu_id": "text", "quantity": "text", "unit_price": "text",
    "total_price": "text", "currency": "text", "status": "text", "temu_status_code": "text", "order_time": "text",
    "payment_time": "text", "shipping_time": "text", "updated_at": "text",
}  # fmt: skip
GOOD = {
    "id": "1", "shop_id": "1", "order_sn": "O-good", "product_sku": "AB-1", "quantity": "2", "total_price": "20.00",
    "currency": "CNY", "status": "PAID", "order_time": "2026-02-28T15:00:00Z", "updated_at": "2026-02-28T15:00:00Z",
}  # fmt: skip


MONEY_OF_GOOD: dict[str, dict[str, object]] = {  # beside the hostile rows, one that is right for the good order
    "stg_files__settlement_lines": {
        "shop_id": "1.0", "settlement_sn": "S-1", "line_no": "1", "parent_order_sn": " O-good ", "amount": "19.5",
        "line_type": "Sales_Receipt", "currency": "rmb", "settled_at": "2026-03-01 08:00",
    },
    "stg_files__payouts": {"shop_id": "1", "payout_sn": "PY", "amount": "19.5", "currency": "cny", "status": "paid"},
}  # fmt: skip


def _nasty_orders() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [dict(GOOD), {}, {}, dict(GOOD), dict(GOOD) | {"order_sn": " O-good "}]
    for column in ORDERS:
        for value in NASTY_TIMES if column.endswith(("_time", "_at")) else NASTY:
            number = str(len(rows) + 10)
            rows.append(
                dict(GOOD) | {"id": number, "order_sn": f"O-{number}", "parent_order_sn": None} | {column: value}
            )
    return rows


def _all_text(columns: str) -> dict[str, str]:
    return dict.fromkeys(columns.split(), "text")


def _rows_of_nothing(types: dict[str, str]) -> list[dict[str, object]]:
    times = ("_from", "_to", "_at", "_date", "_time", "month")
    return [{}, {}] + [
        {name: (NASTY_TIMES if name.endswith(times) else NASTY)[i % len(NASTY)] for name in types}
        for i in range(len(NASTY))
    ]


def test_text_that_is_nothing_is_unknown_and_the_good_row_stays_right(warehouse: Warehouse) -> None:
    shops = [
        {"id": "1", "timezone": "Mars/Phobos", "settlement_lag_days": "2147483647"},
        {"id": "1"},
        {},
        {"id": "x", "timezone": "UTC"},
    ]
    warehouse.fill("stg_temu__shops", SHOPS, shops)
    warehouse.fill("stg_temu__orders", ORDERS, _nasty_orders())
    for model, columns in {
        "stg_temu__products": "id shop_id product_id sku spu_id current_price currency stock_quantity is_active",
        "stg_files__product_costs": "id product_id cost_price currency effective_from effective_to created_at",
        "stg_files__fx_rates": "base_currency quote_currency rate effective_from effective_to",
        "stg_files__fee_rates": "id fee_type shop_id rate effective_from effective_to",
        "stg_files__sales_targets": "id target_month manager shop_id metric target_value",
        "stg_files__order_charges": "id shop_id parent_order_sn charge_type amount currency charge_date",
        "stg_files__inventory_snapshots": "snapshot_date product_id on_hand reserved in_transit",
        "stg_files__settlement_lines": "shop_id settlement_sn line_no parent_order_sn line_type amount currency"
        " settled_at",
        "stg_files__payouts": "shop_id payout_sn amount currency paid_at status",
        "stg_files__account_balances": "shop_id currency snapshot_at available frozen",
        "stg_temu__shipments": "shop_id package_sn parent_order_sn carrier tracking_number shipped_at delivered_at",
        "stg_temu__tracking_events": "tracking_number event_time event_code status location is_exception",
        "stg_temu__activities": "id shop_id activity_id activity_type start_time end_time activity_cost updated_at",
        "stg_temu__activity_items": "activity_id product_sku_id activity_price impressions clicks payers updated_at",
        "stg_temu__refunds": "id refund_sn shop_id order_sn refund_quantity refund_amount currency is_restocked status"
        " refund_time",
    }.items():
        types = _all_text(columns)
        warehouse.fill(model, types, [*_rows_of_nothing(types), MONEY_OF_GOOD.get(model, {})])
    warehouse.build_marts(*AS_OF)
    [good] = warehouse.rows("select * from marts.fct_order_lines_costed where order_sn = 'O-good'")
    assert (good["gmv_cny"], good["order_date"].isoformat()) == (Decimal("20.00"), "2026-02-28")
    [cash] = warehouse.rows("select state, collected_cny from marts.fct_collections where parent_key = 'O-good'")
    assert cash == {"state": "settled", "collected_cny": Decimal("19.50")}
    [paid] = warehouse.rows("select amount_cny from marts.view_payouts where payout_sn = 'PY'")
    assert paid == {"amount_cny": Decimal("19.50")}
    [left] = warehouse.rows("select count(*) as n from marts.dq_quarantined_rows where entity = 'orders'")
    assert left["n"] > 0


def test_extremes_of_typed_columns_are_counted_or_set_aside(warehouse: Warehouse) -> None:
    warehouse.fill("stg_temu__shops", {"id": "integer", "region": "text"}, [{"id": 1, "region": "US"}])
    types = {
        "id": "integer", "shop_id": "double precision", "order_sn": "varchar(40)", "quantity": "double precision",
        "unit_price": "double precision", "total_price": "numeric(30,4)", "currency": "text",
        "temu_status_code": "bigint", "order_time": "timestamptz",
    }  # fmt: skip
    base = {"shop_id": 1, "quantity": 1, "currency": "USD", "temu_status_code": 4, "order_time": "2026-02-28 15:00Z"}
    odd: list[dict[str, object]] = [
        {"quantity": 10**12, "unit_price": 10**12}, {"quantity": "NaN"}, {"quantity": "Infinity"}, {"quantity": -5},
        {"quantity": 2.0, "total_price": 10**12}, {"unit_price": "NaN"}, {"unit_price": "-Infinity"},
        {"total_price": 10**24},
        {"total_price": "NaN"}, {"temu_status_code": 10**15}, {"order_time": "infinity"}, {"order_time": "-infinity"},
        {"order_time": "2031-05-05 00:00Z"}, {"order_time": "20000-01-01 00:00Z"}, {"order_time": "9999-12-31"},
        {"shop_id": "NaN"}, {"shop_id": 1e300},
        {"currency": "XXX"}, {"currency": None},
    ]  # fmt: skip
    rows = [base | {"id": number, "order_sn": f"O-{number}"} | extreme for number, extreme in enumerate(odd)]
    warehouse.fill("stg_temu__orders", types, rows)
    rates = {"base_currency": "text", "quote_currency": "text", "rate": "double precision", "effective_from": "date"}
    usd = {"base_currency": "USD", "quote_currency": "CNY", "effective_from": "2020-01-01"}
    warehouse.fill("stg_files__fx_rates", rates, [usd | {"rate": 7}, usd | {"rate": "NaN"}, usd | {"rate": "Infinity"}])
    warehouse.build_marts(*AS_OF)
    counts = warehouse.rows(
        "select (select count(*) from marts.fct_order_lines_costed) as kept, "
        "(select count(*) from marts.dq_quarantined_rows) as aside"
    )
    assert counts == [{"kept": len(odd) - 6, "aside": 6}]
    built = {r["order_line_id"]: r for r in warehouse.rows("select * from marts.fct_order_lines_costed")}
    assert built[4]["gmv_cny"] == Decimal("7000000000000.00")
    assert [built[n]["is_sale"] for n in (0, 1, 2, 3)] == [False] * 4
    assert built[9]["status"] == "unknown"
    [dense] = warehouse.rows("select count(*) as days from marts.mart_gmv_daily")
    assert dense["days"] == 1 + (2031 - 2026) * 365 + 1 + 66


@pytest.mark.parametrize("shops", [[], [{"id": 1, "environment": "sandbox"}]], ids=["no shop", "sandbox only"])
def test_companies_without_production_shops_have_empty_marts(
    warehouse: Warehouse, shops: list[dict[str, object]]
) -> None:
    warehouse.fill("stg_temu__shops", {"id": "bigint", "environment": "text"}, shops)
    warehouse.fill("stg_temu__orders", ORDERS, [dict(GOOD)])
    warehouse.build_marts(*AS_OF)
    [row] = warehouse.rows("select reason from marts.dq_quarantined_rows")
    assert row["reason"] == ("sandbox_shop" if shops else "orphan_shop")
    assert warehouse.rows("select 1 from marts.mart_gmv_daily") == []
