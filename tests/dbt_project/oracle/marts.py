"""Every mart of the specification's core chapters, from staged rows, by plain arithmetic."""

from __future__ import annotations

from datetime import date

from tests.dbt_project.oracle.accounts import pnl_lines, pnl_reconciliation
from tests.dbt_project.oracle.articles import (
    manager_daily,
    sku_daily,
    sku_daily_by_manager,
    sku_monthly_by_manager,
    sku_ranking_monthly,
    sku_stock,
)
from tests.dbt_project.oracle.catalogue import products
from tests.dbt_project.oracle.forecast import gmv_forecast
from tests.dbt_project.oracle.hot_sellers import hot_sellers, hot_sellers_by_shop
from tests.dbt_project.oracle.kinds import destinations_daily, line_kinds, line_kinds_daily, order_hours_daily
from tests.dbt_project.oracle.lines import Staging, ledger
from tests.dbt_project.oracle.operations import operations
from tests.dbt_project.oracle.periods import daily, daily_local, monthly, shop_columns, weekly
from tests.dbt_project.oracle.reading import Row, Rows
from tests.dbt_project.oracle.receivables import calendar, collections
from tests.dbt_project.oracle.settlements import profit_statement, settled_rows
from tests.dbt_project.oracle.shops import kept_out


def expected_marts(staging: Staging, as_of: date) -> dict[str, Rows]:
    """Rows of each mart by name; columns that the specification does not define are absent."""
    books = ledger(staging)
    lines, out, known = books.lines, books.out, books.shops
    targets = staging["stg_files__sales_targets"]
    settled, lost_settlements = settled_rows(staging["stg_files__settlement_lines"], books)
    receivables = collections(books, settled, staging["stg_temu__refunds"], as_of)
    expected = {(r["shop_id"], r["parent_key"]): r["expected_amount_cny"] for r in receivables}
    listed = [p for p in products(staging["stg_temu__products"]) if kept_out(p["shop_id"], known) is None]
    days = daily(lines, as_of)
    snapshots = staging["stg_temu__inventory_snapshots"] + staging["stg_files__inventory_snapshots"]
    stocks = sku_stock(lines, listed, snapshots, as_of)
    return operations(staging, books, listed, days, stocks, as_of) | {
        "fct_order_lines_costed": [_fact(line) for line in lines],
        "dq_quarantined_rows": out + lost_settlements,
        "mart_gmv_daily": days,
        "mart_gmv_daily_local": daily_local(lines),
        "mart_gmv_weekly": weekly(lines, as_of),
        "mart_gmv_monthly": monthly(lines, as_of),
        "mart_destinations_daily": destinations_daily(lines),
        "mart_order_hours_daily": order_hours_daily(lines),
        "mart_line_kinds_daily": line_kinds_daily(lines),
        "dim_line_kinds": line_kinds(lines),
        "mart_sku_daily": sku_daily(lines),
        "mart_sku_daily_by_manager": sku_daily_by_manager(lines),
        "mart_sku_monthly_by_manager": sku_monthly_by_manager(lines),
        "mart_sku_ranking_monthly": sku_ranking_monthly(lines),
        "mart_sku_stock": stocks,
        "mart_gmv_forecast": gmv_forecast(days, as_of),
        "mart_manager_daily": manager_daily(lines),
        "mart_hot_seller_monthly": hot_sellers(lines, targets, known),
        "mart_hot_seller_monthly_by_shop": hot_sellers_by_shop(lines, targets, known),
        "mart_pnl_lines": pnl_lines(books, as_of),
        "mart_pnl_reconciliation": pnl_reconciliation(books),
        "fct_collections": receivables,
        "mart_collection_calendar": calendar(receivables, as_of),
        "mart_profit_statement": profit_statement(books, settled, expected),
    }


def _fact(line: Row) -> Row:
    return {**line, "order_line_id": line["id"], **shop_columns(line["shop"])}
