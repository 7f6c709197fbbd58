"""The oracle itself reproduces the worked examples of the specification; nothing here needs a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.oracle.articles import abc_class, trend
from tests.dbt_project.oracle.charges import shares_of
from tests.dbt_project.oracle.forecast import forecast
from tests.dbt_project.oracle.lines import costed_lines
from tests.dbt_project.oracle.marts import expected_marts
from tests.dbt_project.oracle.orders import status
from tests.dbt_project.oracle.periods import week_label
from tests.dbt_project.oracle.reading import currency, round_half_away, seller_code, text

EMPTY: dict[str, list[dict[str, Any]]] = {
    name: []
    for name in (
        "stg_temu__order_charges",
        "stg_files__sales_targets",
        "stg_files__settlement_lines",
        "stg_temu__inventory_snapshots",
        "stg_files__inventory_snapshots",
    )
}


def _row(names: str, *values: object) -> dict[str, Any]:
    return dict(zip(names.split(), values, strict=True))


def _placed(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def _order(number: int, sku: str, quantity: int, total: str, state: str, placed: str) -> dict[str, Any]:
    letter = "ABCD"[number - 1]
    known = _row("id shop_id order_sn parent_order_sn", number, 11, f"O-{letter}", f"PO-{letter}")
    sold = _row("product_sku quantity total_price currency", sku, quantity, total, "USD")
    return known | sold | {"status": state, "order_time": _placed(placed)}


def e1() -> dict[str, list[dict[str, Any]]]:
    """Data of E1 (chapter 6)."""
    fx = "base_currency quote_currency rate effective_from effective_to"
    shop = "id shop_name region entity business_model timezone default_manager environment updated_at"
    listing = "id shop_id product_id sku spu_id current_price currency stock_quantity is_active manager updated_at"
    cost = "id product_id cost_price currency effective_from effective_to created_at"
    refund = "id refund_sn shop_id order_sn product_sku refund_quantity refund_amount currency is_restocked status"
    charge = "id shop_id parent_order_sn charge_type amount currency charge_date"
    fee = "id fee_type shop_id rate effective_from effective_to"
    nothing = [None] * 4
    return EMPTY | {
        "stg_temu__shops": [_row(shop, 11, "US one", "US", None, "semi", None, "kim", None, None)],
        "stg_temu__orders": [
            _order(1, "AB-1", 2, "20.00", "delivered", "2026-02-28T15:00"),
            _order(2, "AB-1", 1, "10.00", "delivered", "2026-02-28T23:30"),
            _order(3, "AB-1", 1, "10.00", "cancelled", "2026-03-01T04:00"),
            _order(4, "AB-2", 1, "5.00", "paid", "2026-03-01T05:00"),
        ],
        "stg_temu__products": [
            _row(listing, n, 11, f"900{n}", f"ab-{n}", None, *nothing[:2], 9, True, None, None) for n in (1, 2)
        ],
        "stg_files__product_costs": [
            _row(cost, 1, 1, "30.00", "CNY", _placed("2026-02-01"), _placed("2026-03-01"), None),
            _row(cost, 2, 1, "33.00", "CNY", _placed("2026-03-01"), None, None),
        ],
        "stg_files__fx_rates": [
            _row(fx, "USD", "CNY", "7.00", date(2026, 1, 1), date(2026, 3, 1)),
            _row(fx, "USD", "CNY", "7.05", date(2026, 3, 1), None),
        ],
        "stg_files__fee_rates": [_row(fee, 1, "payment", None, "0.01", date(2026, 1, 1), None)],
        "stg_temu__refunds": [
            _row(refund, 1, "R1", 11, "O-B", None, 0, "3.00", "USD", False, "completed") | {"updated_at": None}
        ],
        "stg_files__order_charges": [_row(charge, 1, 11, "PO-C", "penalty", "5.00", "CNY", date(2026, 3, 2))],
    }


def test_the_oracle_reproduces_the_lines_of_e1() -> None:
    columns = "gmv_cny refund_cny net_revenue_cny cost_status cogs_cny payment_fee_cny charges_cny profit_cny"
    lines, out = costed_lines(e1())
    figures = {r["parent_key"]: [str(r[c]) for c in [*columns.split(), "profit_margin"]] for r in lines}
    assert figures == {
        "PO-A": ["140.00", "0", "140.00", "matched", "60.00", "1.40", "0.00", "78.60", "0.5614"],
        "PO-B": ["70.50", "21.15", "49.35", "matched", "30.00", "0.71", "0.00", "18.64", "0.3777"],
        "PO-C": ["0.00", "0", "0.00", "not_required", "0.00", "0.00", "5.00", "-5.00", "None"],
        "PO-D": ["35.25", "0", "35.25", "no_cost", "None", "0.35", "0.00", "None", "None"],
    }
    assert out == []


def test_the_oracle_reproduces_the_periods_of_e1() -> None:
    marts = expected_marts(e1(), date(2026, 3, 1))
    columns = "orders_all orders cancelled_orders units_sold gmv_cny costed_net_revenue_cny profit_cny profit_margin"
    columns += " cost_coverage aov_cny refund_rate cancel_rate"
    [week] = marts["mart_gmv_weekly"]
    assert (week["week_start"], week["week_label"]) == (date(2026, 2, 23), "2026-W09")
    assert " ".join(str(week[c]) for c in columns.split()) == (
        "4 3 1 4 245.75 189.35 92.24 0.4871 0.8431 81.92 0.0861 0.2500"
    )
    local = {row["order_date_local"]: row["gmv_cny"] for row in marts["mart_gmv_daily_local"]}
    assert local == {date(2026, 2, 28): Decimal("245.75")}


def test_the_oracle_classes_by_the_share_before_the_article() -> None:
    gmv, before, classes = [500, 300, 120, 60, 20], 0, ""
    for amount in gmv:
        classes += abc_class(Decimal(before), Decimal(1000))
        before += amount
    assert classes == "AABBC"


@pytest.mark.parametrize(("now", "then", "expected"), [(44, 40, "up"), (37, 40, "flat"), (36, 40, "down")])
def test_the_oracle_compares_units_exactly(now: int, then: int, expected: str) -> None:
    assert trend(now, then) == expected


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        ("10.00", ["70.50", "35.25"], ["6.67", "3.33"]),
        ("0.01", ["70.50", "35.25"], ["0.01", "0.00"]),
        ("0.02", ["0", "0", "0"], ["0.00", "0.01", "0.01"]),
        ("-10.00", ["1", "1", "1"], ["-3.34", "-3.33", "-3.33"]),
    ],
)
def test_the_oracle_shares_charges_to_the_cent(total: str, weights: list[str], shares: list[str]) -> None:
    assert shares_of(Decimal(total), [Decimal(w) for w in weights]) == [Decimal(s) for s in shares]


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (4, "REFUNDED", "refunded"), (51, "已完成", "completed"), (3, "refunded", "cancelled"), (1, "paid", "pending"),
        (0, "已签收", "delivered"), (99, "paid", "unknown"), (None, "strange", "unknown"), (None, None, "unknown"),
    ],
)  # fmt: skip
def test_the_oracle_reads_status_by_code_then_text(code: int | None, words: str | None, expected: str) -> None:
    assert status(code, words) == expected


def test_the_oracle_normalises_text_codes_and_currencies() -> None:
    assert [text(v) for v in (" NaN ", "--", "N/A", " x ")] == [None, None, None, "x"]
    assert [seller_code(v) for v in (" 1pc", "random 1PCS", "ab-1 ")] == [None, None, "AB-1"]
    assert [currency(v) for v in ("rmb", "CNH", "usd", "nan")] == ["CNY", "CNY", "USD", None]


def test_the_oracle_rounds_halves_away_from_zero() -> None:
    assert [round_half_away(Decimal(v), 2) for v in ("0.005", "-0.005", "2.675")] == [
        Decimal(v) for v in ("0.01", "-0.01", "2.68")
    ]


def test_the_oracle_labels_weeks_across_new_year() -> None:
    assert [week_label(date(2024, 12, 30)), week_label(date(2027, 1, 1))] == ["2025-W01", "2026-W53"]


def test_the_oracle_forecasts_level_times_weekday_index() -> None:
    mean = [900, 900, 1000, 1000, 1000, 1200, 1000]
    days = [date(2026, 1, 5) + timedelta(n) for n in range(56)]
    sold = {day: Decimal(mean[day.weekday()]) for day in days}
    assert [forecast(sold, days[-1], date(2026, 3, n)) for n in (7, 2)] == [Decimal("1200.00"), Decimal("900.00")]
    assert forecast(dict(list(sold.items())[:13]), days[12], days[13]) is None
