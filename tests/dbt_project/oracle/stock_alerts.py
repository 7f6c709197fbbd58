"""What the stock of an article calls for (§7.1)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from tests.dbt_project.oracle.reading import Row, Rows, cents, product

_LEAD, _SAFETY, _REVIEW = 14, 7, 7
_SEVERITY = {"out_of_stock": "critical", "critical": "high", "low": "medium", "dead": "medium", "overstock": "low"}


def stock_alerts(stocks: Rows, in_transit: dict[object, int | None], unit_costs: dict[object, Decimal]) -> Rows:
    """mart_stock_alerts from mart_sku_stock, what is under way, and what a unit costs now."""
    return [_alert(row, in_transit.get(row["sku_code"]), unit_costs.get(row["sku_code"])) for row in stocks]


def _alert(row: Row, under_way: int | None, unit_cost: Decimal | None) -> Row:
    found = level(row)
    quantity = reorder(row, under_way or 0)
    return row | {
        "level": found,
        "severity": _SEVERITY.get(found),
        "in_transit": under_way,
        "reorder_qty": quantity,
        "unit_cost_cny": unit_cost,
        "reorder_cost_cny": cents(product(quantity, unit_cost)),
        "stock_value_cny": cents(product(row["stock_on_hand"], unit_cost)),
    }


def level(row: Row) -> str:
    """The first that applies; cover is the days of cover of the stock mart."""
    stock, cover, today = row["stock_on_hand"], row["days_of_cover"], row["as_of_date"]
    if stock is not None and stock <= 0 and row["units_30d"] > 0:
        return "out_of_stock"
    if cover is not None and cover < _LEAD + _SAFETY:
        return "critical" if cover < _LEAD else "low"
    if stock is not None and stock > 0 and _unsold(row, today) and _listed(row, today):
        return "dead"
    return "overstock" if cover is not None and cover > 120 and stock >= 20 else "ok"


def _unsold(row: Row, today: date) -> bool:
    return row["last_sale_date"] is None or (today - row["last_sale_date"]).days >= 60


def _listed(row: Row, today: date) -> bool:
    """Reading chosen: a sale proves that the article was listed."""
    days = [day for day in (row["listed_date"], row["first_sale_date"]) if day is not None]
    return bool(days) and (today - min(days)).days >= 60


def reorder(row: Row, under_way: int) -> int | None:
    """max(0, ceil(unrounded average × (L + S + review) − stock − in transit)); unknown without a stock figure."""
    if row["stock_on_hand"] is None:
        return None
    average = Fraction(row["units_30d"], row["velocity_days"]) if row["velocity_days"] else Fraction(0)
    return max(0, ceil(average * (_LEAD + _SAFETY + _REVIEW) - row["stock_on_hand"] - under_way))
