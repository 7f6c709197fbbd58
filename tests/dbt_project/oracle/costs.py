"""What the goods cost (C)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.dbt_project.oracle.rates import Exchange
from tests.dbt_project.oracle.reading import (
    Row,
    Rows,
    audit_instant,
    business_instant,
    cents,
    covers,
    currency,
    grouped,
    lowest_if_unknown,
    newest,
    number,
    product,
    round_half_away,
)


def valid_costs(staged: Rows) -> dict[object, Rows]:
    """D1, C1: rows that can be costs, by listing."""
    versions = newest(staged, lambda r: r["id"], lambda r: lowest_if_unknown(audit_instant(r["created_at"])))
    rows = [_version(row) for row in versions]
    return grouped([row for row in rows if _can_be(row)], lambda r: r["product_id"])


def _version(row: Row) -> Row:
    return {
        "id": row["id"],
        "product_id": row["product_id"],
        "price": number(row["cost_price"]),
        "currency": currency(row["currency"]),
        "effective_from": business_instant(row["effective_from"]),
        "effective_to": business_instant(row["effective_to"]),
        "created_at": lowest_if_unknown(audit_instant(row["created_at"])),
    }


def _can_be(row: Row) -> bool:
    price, begins, ends = row["price"], row["effective_from"], row["effective_to"]
    return price is not None and price >= 0 and (ends is None or ends > begins)


def costed(line: Row, costs: dict[object, Rows], exchange: Exchange) -> Row:
    """C2–C5 of a line whose refunds are known."""
    rows = costs.get(line["matched_product_id"], [])
    placed: datetime = line["order_placed_at"]
    units: int = line["quantity"] - line["restocked_units"] if line["is_sale"] else 0
    valid = [row for row in rows if covers(row, placed)]
    row = max(valid, key=_order) if valid else None
    each = _in_cny(row, line, exchange)
    state = _status(units, line["product"] is not None, rows, row, each)
    cogs = {"not_required": Decimal("0.00"), "matched": cents(product(each, units))}.get(state)
    est = cents(product(_in_cny(_nearest(rows, placed), line, exchange), units)) if state == "gap" else cogs
    return {
        **line,
        "cost_status": state,
        "cost_overlap": units > 0 and len(valid) > 1,
        "unit_cost_cny": round_half_away(each, 4) if state == "matched" and each is not None else None,
        "cogs_units": units,
        "cogs_cny": cogs,
        "est_cogs_cny": est,
    }


def _order(row: Row) -> tuple[object, ...]:
    """C2: the greatest start, then created_at, then id."""
    return row["effective_from"], row["created_at"], row["id"]


def _in_cny(row: Row | None, line: Row, exchange: Exchange) -> Decimal | None:
    if row is None:
        return None
    return product(row["price"], exchange.rate(row["currency"], line["order_date"]))


def _status(units: int, has_product: bool, rows: Rows, row: Row | None, each: Decimal | None) -> str:
    """C4, in its order."""
    if units == 0:
        return "not_required"
    if not has_product:
        return "no_product"
    if not rows:
        return "no_cost"
    if row is None:
        return "gap"
    return "no_fx" if each is None else "matched"


def _nearest(rows: Rows, placed: datetime) -> Row | None:
    """C5: the latest earlier row, else the earliest of all."""
    earlier = [row for row in rows if row["effective_from"] <= placed]
    return max(earlier, key=_order) if earlier else min(rows, key=_order, default=None)
