"""Every row and column of the core marts equals the oracle, over a large world in which every rule meets its edge."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.filling import contract, fill_staging
from tests.dbt_project.oracle.kinds import HOUR, KIND, PLACE
from tests.dbt_project.oracle.marts import expected_marts
from tests.dbt_project.oracle.reading import Row, Rows, round_half_away
from tests.dbt_project.scenarios import AS_OF, nasty_world

KEYS = {
    "fct_order_lines_costed": ["order_line_id"],
    "dq_quarantined_rows": ["entity", "id", "shop_id", "order_sn"],  # two relations of charges number their own rows
    "mart_gmv_daily": ["order_date", "shop_id"],
    "mart_gmv_daily_local": ["order_date_local", "shop_id"],
    "mart_gmv_weekly": ["week_start", "shop_id"],
    "mart_gmv_monthly": ["month_start", "shop_id"],
    "mart_destinations_daily": ["order_date", "shop_id", *PLACE],
    "mart_order_hours_daily": ["order_date", "shop_id", *HOUR],
    "mart_line_kinds_daily": ["order_date", "shop_id", *KIND],
    "dim_line_kinds": [*KIND],
    "mart_sku_daily": ["order_date", "shop_id", "sku_code"],
    "mart_sku_daily_by_manager": ["order_date", "shop_id", "manager", "sku_code"],
    "mart_sku_monthly_by_manager": ["month_start", "shop_id", "manager", "sku_code"],
    "mart_sku_ranking_monthly": ["month_start", "sku_code"],
    "mart_sku_stock": ["as_of_date", "sku_code"],
    "mart_gmv_forecast": ["forecast_date", "shop_id", "made_on"],
    "mart_stock_alerts": ["sku_code"],
    "fct_shipments": ["shop_id", "parent_key", "package_sn"],
    "mart_logistics_daily": ["order_date", "shop_id", "carrier"],
    "mart_activity_lift": ["activity_row_id"],
    "mart_shop_scorecard": ["as_of_date", "shop_id"],
    "mart_manager_daily": ["order_date", "shop_id", "manager"],
    "mart_hot_seller_monthly": ["month_start", "manager"],
    "mart_hot_seller_monthly_by_shop": ["month_start", "manager", "shop_id"],
    "mart_pnl_lines": ["accounting_date", "shop_id", "pnl_line"],
    "mart_pnl_reconciliation": ["month_start", "shop_id"],
    "fct_collections": ["shop_id", "parent_key"],
    "mart_collection_calendar": ["calendar_date", "shop_id", "state"],
    "mart_profit_statement": ["shop_id", "parent_key"],
}
# Descriptions and technical columns, for which the specification has no rule.
WITHOUT_RULE = {"_refreshed_at", "order_line_key", "product_name", "category"}
OF_SHOP = {"shop_name", "region", "entity", "business_model"}
DESCRIPTIVE = {
    "mart_gmv_forecast": OF_SHOP,
    "mart_stock_alerts": {
        "manager",
        "shop_id",
        "shops",
        "shop_names",
        "abc_class",
        "observed",
        "threshold",
        "first_seen",
        "status",
        "days_listed",
        "cover_bucket",
    },
    "fct_shipments": {
        "manager",
        "shipping_country",
        "shipping_state",
        "shipping_state_code",
        "fulfillment_type",
        "last_scan_status",
        "last_scan_location",
        "freight_cny",
    },
    "mart_gmv_monthly": {"is_prev_partial"},
    "mart_shop_scorecard": OF_SHOP
    | {
        "profit_cny",
        "costed_net_revenue_cny",
        "compared_on",
        "score_change",
        "grade_before",
        "is_grade_drop",
        "collection_rate",
        "worst_freshness",
    },
    "mart_sku_daily": {"spu_id"},
    "mart_sku_daily_by_manager": {"spu_id"},
    "mart_sku_ranking_monthly": {"manager", "quadrant"},
    "mart_sku_stock": {"manager", "in_transit"},
    "mart_pnl_lines": {"pnl_line_name", "section_name"},
    "fct_collections": {"state_name"},
    "mart_collection_calendar": {"state_name"},
}
RULES = {
    "status": "S1-S3", "is_sale": "S4", "order_placed_at": "T1", "order_date": "T2", "order_date_local": "T3",
    "match_method": "M", "matched_product_id": "M", "sku_code": "K", "manager": "G", "price_source": "P",
    "line_amount": "P", "line_currency": "P", "fx_rate": "F", "gmv_cny": "F", "refund_cny": "R2 R3",
    "units_refunded": "R2 R3", "refund_inferred": "R3", "net_revenue_cny": "R", "cost_status": "C4",
    "cost_overlap": "C2", "unit_cost_cny": "C3", "cogs_units": "C3 R4", "cogs_cny": "C3", "est_cogs_cny": "C5",
    "platform_fee_cny": "E", "payment_fee_cny": "E", "charges_cny": "A", "gross_profit_cny": "L", "profit_cny": "L",
    "profit_est_cny": "L C5", "profit_margin": "L", "reason": "Q", "abc_class": "6.3", "trend": "6.3",
}  # fmt: skip
SHOWN = 12
Built = tuple[Warehouse, dict[str, Rows]]


@pytest.fixture(scope="module")
def built(_warehouse: Warehouse) -> Built:
    """The marts of one world, and what the oracle makes of the same rows."""
    world = nasty_world(seed=2025, parents=1500)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMNI_DATABASE_URL", _warehouse.url)
        _warehouse.empty()
        fill_staging(_warehouse.url, world)
        _warehouse.build_marts("--vars", f"{{as_of_date: '{AS_OF}'}}", breaks="e_cancelled_parents_collect_nothing")
    return _warehouse, expected_marts(world, AS_OF)


@pytest.mark.parametrize("mart", KEYS)
def test_the_oracle_agrees_with_every_row_and_column(built: Built, mart: str) -> None:
    warehouse, expected = built
    types = contract("marts/**/_*.yml")[mart]
    columns = [name for name in types if name not in WITHOUT_RULE | DESCRIPTIVE.get(mart, set())]
    got = by_key(mart, warehouse.rows(f"select * from marts.{mart}"))
    wanted = by_key(mart, expected[mart])
    differences = [f"missing: {key}" for key in wanted.keys() - got.keys()]
    differences += [f"unexpected: {key}" for key in got.keys() - wanted.keys()]
    for key in sorted(wanted.keys() & got.keys(), key=str):
        differences += differing(columns, types, wanted[key], got[key], key)
    assert not differences, "\n".join([f"{len(differences)} differences in {mart}", *differences[:SHOWN]])
    assert wanted, mart


EDGES = {
    ("fct_order_lines_costed", "status"): 8,
    ("fct_order_lines_costed", "match_method"): 5,
    ("fct_order_lines_costed", "price_source"): 4,
    ("fct_order_lines_costed", "cost_status"): 6,
    ("fct_order_lines_costed", "cost_overlap"): 2,
    ("fct_order_lines_costed", "refund_inferred"): 2,
    ("fct_order_lines_costed", "region"): 13,
    ("fct_order_lines_costed", "shipping_state_code"): 4,
    ("dq_quarantined_rows", "reason"): 7,
    ("mart_sku_ranking_monthly", "trend"): 4,
    ("mart_sku_ranking_monthly", "abc_class"): 4,
    ("mart_stock_alerts", "level"): 5,
    ("fct_shipments", "ship_status"): 6,
    ("fct_shipments", "delivery_status"): 5,
    ("fct_shipments", "exception_reason"): 6,
    ("fct_shipments", "ageing_bucket"): 6,
    ("mart_activity_lift", "phase"): 4,
    ("mart_activity_lift", "is_confounded"): 2,
    ("mart_shop_scorecard", "grade"): 3,
    ("mart_pnl_lines", "pnl_line"): 12,
    ("fct_collections", "state"): 8,
    ("fct_collections", "bucket"): 6,
    ("mart_collection_calendar", "ageing_bucket"): 5,
    ("mart_profit_statement", "loss_cause"): 4,
    ("mart_profit_statement", "is_matched"): 2,
}


@pytest.mark.parametrize(("mart", "column"), EDGES)
def test_the_world_meets_every_case_of_a_rule(built: Built, mart: str, column: str) -> None:
    _, expected = built
    cases = {row[column] for row in expected[mart]}
    assert len(cases) >= EDGES[mart, column], cases


def by_key(mart: str, rows: Rows) -> dict[tuple[object, ...], Row]:
    """Rows by the grain of the mart; a repeated key is an error of whoever made the rows."""
    found = {tuple(row[name] for name in KEYS[mart]): row for row in rows}
    assert len(found) == len(rows), f"{mart}: the key is not unique"
    return found


def differing(columns: list[str], types: dict[str, str], wanted: Row, got: Row, key: object) -> list[str]:
    """One line per column that differs, with the rule that decides it."""
    return [
        f"{key} {name} [{RULES.get(name, '6')}]: expected {wanted[name]!r}, got {got[name]!r}"
        for name in columns
        if stored(wanted[name], types[name]) != stored(got[name], types[name])
    ]


def stored(value: object, kind: str) -> object:
    """A value as a column of this type shows it; NULL is not 0 and true is not 1."""
    if isinstance(value, Decimal) and "," in kind:
        return round_half_away(value, int(kind.rstrip(")").rpartition(",")[2]))
    if isinstance(value, datetime):
        return value.timestamp()
    return (type(value).__name__, value) if isinstance(value, bool) else value
