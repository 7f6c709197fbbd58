"""Hand-made orders, settlements and refunds become the collection table of §6.6, and alerts that outlive a build.

The rows are those of the worked example: lag 8, parcels ten days on their way, seen on 10, 13 and 14 March 2026.
"""

from __future__ import annotations

from typing import Any

from tests.dbt_project.conftest import Warehouse

SEEN_ON = ("--vars", "{{as_of_date: '{}'}}")
ORDERS = [
    # parent, shop, total, status, shipped, delivered
    ("P1", 11, "140.00", "delivered", "2026-02-18 01:00Z", "2026-02-27 17:00Z"),
    ("P2", 11, "70.50", "delivered", "2026-02-19 01:00Z", "2026-03-01 01:00Z"),
    ("P3", 11, "20.20", "delivered", "2026-02-16 01:00Z", "2026-02-26 01:00Z"),
    ("P4", 11, "60.61", "shipped", "2026-03-04 01:00Z", None),
    ("P5", 12, "10.00", "delivered", "2026-02-23 01:00Z", "2026-03-05 01:00Z"),
    ("P6", 11, "33.33", "paid", None, None),
    ("P7", 11, "50.00", "cancelled", "2026-02-19 01:00Z", "2026-03-01 01:00Z"),
]
REFUNDS = [("P2", 11, "21.15", "completed"), ("P5", 12, "10.00", "completed"), ("P1", 11, "1.00", "rejected")]
TABLE = """
P1 138.60 2026-03-08 settled -      138.60
P2 48.64  2026-03-09 due     past   0.00
P3 20.00  2026-03-06 overdue past   0.00
P4 60.00  2026-03-22 projected next_30 0.00
P5 0.00   2026-03-13 nil     -      0.00
P6 33.00  -          not_started undated 0.00
"""


def _fill(warehouse: Warehouse) -> None:
    shops = {"id": "bigint", "shop_name": "text", "region": "text", "settlement_lag_days": "integer"}
    warehouse.fill("stg_temu__shops", shops, [{"id": n, "shop_name": f"US {n}", "region": "US"} for n in (11, 12)])
    kinds = ["id shop_id quantity", "total_price", "order_sn parent_order_sn currency status"]
    types = {
        **dict.fromkeys(kinds[0].split(), "bigint"), **dict.fromkeys(kinds[1].split(), "numeric"),
        **dict.fromkeys(kinds[2].split(), "text"),
        **dict.fromkeys(["order_time", "shipping_time", "latest_delivery_time", "delivery_time"], "timestamptz"),
    }  # fmt: skip
    warehouse.fill("stg_temu__orders", types, [_order(n, *order) for n, order in enumerate(ORDERS, start=1)])
    fees = {"id": "bigint", "fee_type": "text", "shop_id": "bigint", "rate": "numeric", "effective_from": "date"}
    payment = {"fee_type": "payment", "effective_from": "2026-01-01"}
    warehouse.fill(
        "stg_files__fee_rates",
        fees,
        [payment | {"id": 1, "rate": "0.01"}, payment | {"id": 2, "shop_id": 12, "rate": "0"}],
    )
    refund = {
        "id": "bigint", "shop_id": "bigint", "refund_sn": "text", "order_sn": "text", "refund_amount": "numeric",
        "currency": "text", "status": "text",
    }  # fmt: skip
    warehouse.fill(
        "stg_temu__refunds",
        refund,
        [
            {"id": n, "shop_id": shop, "refund_sn": f"R{n}", "order_sn": f"O-{parent}", "refund_amount": amount,
             "currency": "CNY", "status": status}
            for n, (parent, shop, amount, status) in enumerate(REFUNDS, start=1)
        ],
    )  # fmt: skip
    settled = {
        "shop_id": "bigint", "settlement_sn": "text", "line_no": "integer", "parent_order_sn": "text",
        "line_type": "text", "amount": "numeric", "currency": "text", "settled_at": "timestamptz",
    }  # fmt: skip
    receipt = {"shop_id": 11, "settlement_sn": "S1", "currency": "CNY", "settled_at": "2026-03-08 02:00Z"}
    warehouse.fill(
        "stg_files__settlement_lines",
        settled,
        [
            receipt | {"line_no": 1, "parent_order_sn": " P1", "line_type": "sales_receipt", "amount": "138.60"},
            receipt | {"line_no": 2, "parent_order_sn": "P1", "line_type": "gross_receipt", "amount": "150.00"},
            receipt | {"line_no": 3, "parent_order_sn": "P1-2", "line_type": "other", "amount": "9.00"},
        ],
    )


def _order(
    number: int, parent: str, shop: int, total: str, status: str, shipped: str | None, delivered: str | None
) -> dict[str, object]:
    return {
        "id": number, "shop_id": shop, "order_sn": f"O-{parent}", "parent_order_sn": parent, "quantity": 1,
        "total_price": total, "currency": "CNY", "status": status, "order_time": "2026-02-15 01:00Z",
        "shipping_time": shipped, "delivery_time": delivered, "latest_delivery_time": "2026-03-01 01:00Z",
    }  # fmt: skip


def _build(warehouse: Warehouse, day: str, *selection: str) -> None:
    without = ("--exclude", "staging", "--exclude-resource-type", "test", "unit_test")
    warehouse.dbt("build", "--select", *selection, *without, SEEN_ON[0], SEEN_ON[1].format(day))


def _table(warehouse: Warehouse) -> list[list[str]]:
    columns = "parent_key, expected_amount_cny, expected_date, state, bucket, collected_cny"
    rows = warehouse.rows(f"select {columns} from marts.fct_collections order by parent_key")
    return [["-" if value is None else str(value) for value in row.values()] for row in rows]


def _overdue(warehouse: Warehouse) -> list[dict[str, Any]]:
    return warehouse.rows(
        "select entity_key, observed::text, first_seen::text, last_seen::text, status, closed_on::text "
        "from marts.mart_money_alerts where rule = 'collection_overdue' order by first_seen"
    )


def test_the_collection_table_and_the_alert_that_stays_one(warehouse: Warehouse) -> None:
    """Defects 24 and 25 of the legacy: passed dates and promises are no money, a refund lowers what is expected."""
    _fill(warehouse)
    _build(warehouse, "2026-03-10", "+mart_money_alerts", "+mart_profit_statement")
    assert _table(warehouse) == [line.split() for line in TABLE.strip().splitlines()]
    overdue = {"entity_key": "11", "first_seen": "2026-03-10", "closed_on": None, "status": "open"}
    assert _overdue(warehouse) == [overdue | {"observed": "20.0000", "last_seen": "2026-03-10"}]

    statement = warehouse.rows("select * from marts.mart_profit_statement order by parent_key")
    assert [(r["parent_key"], str(r["revenue_cny"]), r["is_matched"]) for r in statement] == [
        ("P1", "138.60", True),  # the gross receipt beside it is a memo (defect 26)
        ("P1-2", "9.00", False),  # no suffix is guessed away
    ]

    dated = (
        "int_fx_rates__daily",
        "fct_collections",
        "mart_collection_calendar",
        "int_alerts__money",
        "mart_money_alerts",
    )
    _build(warehouse, "2026-03-13", *dated)
    states = {parent: state for parent, _, _, state, *_ in _table(warehouse)}
    assert (states["P2"], states["P3"], states["P4"]) == ("overdue", "overdue", "projected")
    assert _overdue(warehouse) == [overdue | {"observed": "68.6400", "last_seen": "2026-03-13"}]

    warehouse.execute(
        "insert into staging.stg_files__settlement_lines values (11, 'S2', 1, 'P2', 'sales_receipt', 48.64, 'CNY', "
        "'2026-03-13 02:00Z'), (11, 'S2', 2, 'P3', 'sales_receipt', 20, 'CNY', '2026-03-13 02:00Z')"
    )
    settlements = ("int_settlement_lines__typed", "int_settlement_lines__converted", "int_settlements__by_parent")
    _build(warehouse, "2026-03-14", *settlements, *dated, "--full-refresh")
    ceased = {"observed": "68.6400", "last_seen": "2026-03-13", "status": "closed", "closed_on": "2026-03-14"}
    assert _overdue(warehouse) == [overdue | ceased]
