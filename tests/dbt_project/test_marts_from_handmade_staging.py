"""Whoever fills staging by hand gets marts that are right to the cent, whatever the types of the columns.

The data is worked example E1: a shop in the USA with two rates, two costs, a partial refund, a penalty on a cancelled
line and a line without cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.dbt_project.conftest import Warehouse

BEIJING = ZoneInfo("Asia/Shanghai")
AS_OF = ("--vars", "{as_of_date: '2026-03-01'}")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ORDERS = [
    # order, sku, quantity, total, status, placed
    ("A", "AB-1", 2, "20.00", "delivered", _utc("2026-02-28 15:00")),
    ("B", "AB-1", 1, "10.00", "delivered", _utc("2026-02-28 23:30")),
    ("C", "AB-1", 1, "10.00", "cancelled", _utc("2026-03-01 04:00")),
    ("D", "AB-2", 1, "5.00", "paid", _utc("2026-03-01 05:00")),
]

TYPES = {
    "as the contract says": {"number": "numeric", "integer": "bigint", "instant": "timestamptz", "day": "date"},
    "floats and naive Beijing times": {
        "number": "double precision",
        "integer": "double precision",
        "instant": "timestamp",
        "day": "timestamp",
    },
    "all text": {"number": "text", "integer": "text", "instant": "text", "day": "text"},
}


def _instant(kind: str, value: datetime) -> object:
    return value.astimezone(BEIJING).replace(tzinfo=None) if kind == "timestamp" else value.isoformat()


def fill_with_e1(warehouse: Warehouse, types: dict[str, str]) -> None:
    """Only the relations and columns that E1 needs: the others are absent."""
    number, integer, instant, day = types["number"], types["integer"], types["instant"], types["day"]
    warehouse.fill(
        "stg_temu__shops",
        {"id": integer, "shop_id": "text", "shop_name": "text", "region": "text", "default_manager": "varchar(50)"},
        [{"id": 11, "shop_id": "634418210", "shop_name": "US one", "region": "US", "default_manager": "kim"}],
    )
    warehouse.fill(
        "stg_temu__orders",
        {
            "id": integer, "shop_id": integer, "order_sn": "text", "parent_order_sn": "text", "product_sku": "text",
            "quantity": integer, "total_price": number, "currency": "char(3)", "status": "text",
            "order_time": instant, "shipping_time": instant, "updated_at": "timestamptz",
        },
        [
            {
                "id": index, "shop_id": 11, "order_sn": f"O-{order}", "parent_order_sn": f"PO-{order}",
                "product_sku": sku, "quantity": quantity, "total_price": total, "currency": "USD", "status": status,
                "order_time": _instant(instant, placed),
                "shipping_time": _instant(instant, placed) if status == "delivered" else None,
                "updated_at": placed,
            }
            for index, (order, sku, quantity, total, status, placed) in enumerate(ORDERS, start=1)
        ],
    )  # fmt: skip
    warehouse.fill(
        "stg_temu__products",
        {"id": integer, "shop_id": integer, "product_id": "text", "sku": "text", "is_active": "boolean"},
        [
            {"id": 1, "shop_id": 11, "product_id": "9001", "sku": "ab-1 ", "is_active": True},
            {"id": 2, "shop_id": 11, "product_id": "9002", "sku": "AB-2", "is_active": True},
        ],
    )
    warehouse.fill(
        "stg_files__product_costs",
        {"id": integer, "product_id": integer, "cost_price": number, "currency": "text", "effective_from": instant,
         "effective_to": instant},
        [
            {"id": 1, "product_id": 1, "cost_price": "30.00", "currency": "RMB",
             "effective_from": _instant(instant, _utc("2026-02-01")),
             "effective_to": _instant(instant, _utc("2026-03-01"))},
            {"id": 2, "product_id": 1, "cost_price": "33.00", "currency": "CNY",
             "effective_from": _instant(instant, _utc("2026-03-01"))},
        ],
    )  # fmt: skip
    warehouse.fill(
        "stg_files__fx_rates",
        {"base_currency": "text", "quote_currency": "text", "rate": number, "effective_from": day},
        [
            {"base_currency": "USD", "quote_currency": "CNY", "rate": "7.00", "effective_from": "2026-01-01"},
            {"base_currency": "USD", "quote_currency": "CNY", "rate": "7.05", "effective_from": "2026-03-01"},
            {"base_currency": "USD", "quote_currency": "CNY", "rate": "7.06", "effective_from": "2026-03-04"},
        ],
    )
    warehouse.fill(
        "stg_files__fee_rates",
        {"id": integer, "fee_type": "text", "shop_id": integer, "rate": number, "effective_from": day},
        [{"id": 1, "fee_type": "payment", "rate": "0.01", "effective_from": "2026-01-01"}],
    )
    warehouse.fill(
        "stg_temu__refunds",
        {"id": integer, "refund_sn": "text", "shop_id": integer, "order_sn": "text", "refund_quantity": integer,
         "refund_amount": number, "currency": "text", "is_restocked": "boolean", "status": "text",
         "refund_time": instant},
        [{"id": 1, "refund_sn": "R-1", "shop_id": 11, "order_sn": "O-B", "refund_quantity": 0,
          "refund_amount": "3.00", "currency": "USD", "is_restocked": False, "status": "completed",
          "refund_time": _instant(instant, _utc("2026-03-03 16:30"))}],
    )  # fmt: skip
    warehouse.fill(
        "stg_files__order_charges",
        {"id": integer, "shop_id": integer, "parent_order_sn": "text", "charge_type": "text", "amount": number,
         "currency": "text", "charge_date": day},
        [{"id": 1, "shop_id": 11, "parent_order_sn": "PO-C", "charge_type": "penalty", "amount": "5.00",
          "currency": "CNY", "charge_date": "2026-03-02"}],
    )  # fmt: skip


def _figures(row: dict[str, object], names: str) -> list[str | None]:
    return [None if row[name] is None else str(row[name]) for name in names.split()]


FACT = "order_date fx_rate gmv_cny refund_cny net_revenue_cny cost_status cogs_cny payment_fee_cny charges_cny"
FACT += " profit_cny profit_margin"
FACT_OF_E1 = {
    "PO-A": "2026-02-28 7.00 140.00 0.00 140.00 matched 60.00 1.40 0.00 78.60 0.5614",
    "PO-B": "2026-03-01 7.05 70.50 21.15 49.35 matched 30.00 0.71 0.00 18.64 0.3777",
    "PO-C": "2026-03-01 7.05 0.00 0.00 0.00 not_required 0.00 0.00 5.00 -5.00 -",
    "PO-D": "2026-03-01 7.05 35.25 0.00 35.25 no_cost - 0.35 0.00 - -",
}
PERIOD = "orders_all orders cancelled_orders units_sold gmv_cny refund_cny net_revenue_cny costed_net_revenue_cny"
PERIOD += " cogs_cny payment_fee_cny charges_cny profit_cny profit_margin cost_coverage aov_cny refund_rate cancel_rate"
DAYS_OF_E1 = {
    date(2026, 2, 28): "1 1 0 2 140.00 0.00 140.00 140.00 60.00 1.40 0.00 78.60 0.5614 1.0000 140.00 0.0000 0.0000",
    date(2026, 3, 1): "3 2 1 2 105.75 21.15 84.60 49.35 30.00 0.71 5.00 13.64 0.2764 0.5833 52.88 0.2000 0.3333",
}
WEEK_OF_E1 = "4 3 1 4 245.75 21.15 224.60 189.35 90.00 2.11 5.00 92.24 0.4871 0.8431 81.92 0.0861 0.2500"


@pytest.fixture(scope="module", params=TYPES)
def e1(_warehouse: Warehouse, request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """All marts of the worked example, with its columns of one kind of types.

    Its rows do not depend on their types, so the tests of the marts need be asked once: building twice asks them.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMNI_DATABASE_URL", _warehouse.url)
        _warehouse.empty()
        fill_with_e1(_warehouse, TYPES[request.param])
        _warehouse.build_marts(*AS_OF, "--exclude-resource-type", "test")
        yield _warehouse


def test_worked_example_e1_comes_out_to_the_cent(e1: Warehouse) -> None:
    fact = {row["parent_key"]: row for row in e1.rows("select * from marts.fct_order_lines_costed")}
    for parent, expected in FACT_OF_E1.items():
        wanted = [None if figure == "-" else figure for figure in expected.split()]
        wanted[1] = f"{Decimal(wanted[1] or 0):.10f}"
        assert _figures(fact[parent], FACT) == wanted, parent
    days = {row["order_date"]: row for row in e1.rows("select * from marts.mart_gmv_daily")}
    assert {day: _figures(row, PERIOD) for day, row in days.items()} == {
        day: expected.split() for day, expected in DAYS_OF_E1.items()
    }
    [week] = e1.rows("select * from marts.mart_gmv_weekly")
    assert (week["week_start"], week["week_label"]) == (date(2026, 2, 23), "2026-W09")
    assert _figures(week, PERIOD) == WEEK_OF_E1.split()
    local = e1.rows("select order_date_local, gmv_cny from marts.mart_gmv_daily_local where gmv_cny > 0")
    assert local == [{"order_date_local": date(2026, 2, 28), "gmv_cny": Decimal("245.75")}]


PNL_OF_E1 = """
2026-02-28 gmv 140.00, 2026-02-28 cogs -60.00, 2026-02-28 payment_fee -1.40,
2026-03-01 gmv 105.75, 2026-03-01 cogs -30.00, 2026-03-01 payment_fee -1.06,
2026-03-02 penalty -5.00, 2026-03-04 refunds -21.18
"""


def test_the_accounts_of_e1_book_refund_and_penalty_on_their_own_days(e1: Warehouse) -> None:
    rows = e1.rows("select * from marts.mart_pnl_lines order by accounting_date, line_no")
    booked = [f"{row['accounting_date']} {row['pnl_line']} {row['amount_cny']}" for row in rows]
    assert booked == [entry.strip() for entry in PNL_OF_E1.split(",")]
    months = e1.rows("select * from marts.mart_pnl_reconciliation order by month_start")
    columns = "order_profit_cny left_out_cny refund_timing_cny refund_value_cny charge_timing_cny accounting_profit_cny"
    assert [_figures(row, columns) for row in months] == [
        ["78.60", "0.00", "0.00", "0.00", "0.00", "78.60"],
        ["13.64", "34.90", "0.00", "-0.03", "0.00", "48.51"],
    ]


@pytest.mark.parametrize("e1", ["all text"], indirect=True)
def test_building_twice_changes_nothing_and_staging_stays_its_owners(e1: Warehouse) -> None:
    [completed] = e1.rows("select count(*) as n from staging.stg_files__sales_targets")
    assert completed["n"] == 0  # absent: created empty
    [orders] = e1.rows("select count(*) as n, count(package_sn) as packages from staging.stg_temu__orders")
    assert (orders["n"], orders["packages"]) == (4, 0)  # rows kept, absent columns added
    before = _everything(e1)
    e1.dbt("build", "--select", "intermediate", "marts", *AS_OF)  # as people type it: with the unit tests
    assert _everything(e1) == before
    e1.execute("drop table staging.stg_temu__orders")  # nothing that was built depends on it
    assert _everything(e1) == before


def _everything(warehouse: Warehouse) -> dict[str, object]:
    tables = warehouse.rows("select table_name from information_schema.tables where table_schema = 'marts'")
    fingerprint = "select count(*) as n, md5(string_agg(v, ',' order by v)) as content from (select"
    return {
        name: warehouse.rows(f"{fingerprint} (to_jsonb(t) - '_refreshed_at')::text as v from marts.{name} as t) as s")
        for name in sorted(row["table_name"] for row in tables)
    }
