"""How healthy a shop is (§6.8), from its days, parcels and listings."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.dbt_project.oracle.reading import Row, Rows, grouped, ratio

_ANCHORS = {  # weight, 0 points at, 100 points at
    "gmv_growth": (20, "-0.20", "0.20"),
    "profit_margin": (25, "0", "0.30"),
    "late_ship_rate": (20, "0.10", "0"),
    "refund_rate": (15, "0.10", "0"),
    "cancel_rate": (10, "0.05", "0"),
    "stock_out_share": (10, "0.20", "0"),
}


def scorecard(daily: Rows, parcels: Rows, stocks: Rows, as_of: date) -> Rows:
    """mart_shop_scorecard of one day, without what stands beside the score; `stocks` are listings."""
    days = grouped([d for d in daily if d["order_date"] <= as_of], lambda d: d["shop_id"])
    return [_card(shop_id, rows, parcels, stocks, as_of) for shop_id, rows in days.items()]


def _card(shop_id: object, days: Rows, parcels: Rows, stocks: Rows, as_of: date) -> Row:
    now = _within(days, as_of)
    metrics = _of_sales(now, _within(days, as_of - timedelta(30)))
    metrics["late_ship_rate"] = _late(_within([p for p in parcels if p["shop_id"] == shop_id], as_of))
    metrics["stock_out_share"] = _stock_out([s for s in stocks if s["shop_id"] == shop_id])
    points = {name: points_of(name, metrics[name]) for name in _ANCHORS}
    total = score(points)
    coverage = ratio(_sum(now, "costed_net_revenue_cny"), _sum(now, "net_revenue_cny"))
    return metrics | {
        "as_of_date": as_of,
        "shop_id": shop_id,
        "score": total,
        "grade": grade(total),
        "judged_weight": sum(_ANCHORS[name][0] for name, found in points.items() if found is not None),
        "gmv_cny": _sum(now, "gmv_cny"),
        "orders": sum(d["orders"] for d in now),
        "cost_coverage": coverage,
        "is_margin_provisional": coverage is not None and coverage < Decimal("0.80"),
        "open_exceptions": sum(_is_open_exception(p) for p in parcels if p["shop_id"] == shop_id),
        **{f"{name}_points": _shown(found) for name, found in points.items()},
    }


def _is_open_exception(parcel: Row) -> bool:
    return parcel["exception_reason"] is not None and not parcel["is_delivered"]


def _of_sales(now: Rows, before: Rows) -> Row:
    gmv, then = _sum(now, "gmv_cny"), _sum(before, "gmv_cny")
    orders, cancelled = sum(d["orders"] for d in now), sum(d["cancelled_orders"] for d in now)
    return {
        "gmv_growth": ratio(gmv - then, then),
        "profit_margin": ratio(_sum(now, "profit_cny"), _sum(now, "costed_net_revenue_cny")),
        "refund_rate": ratio(_sum(now, "refund_cny"), gmv),
        "cancel_rate": ratio(cancelled, orders + cancelled),
    }


def _within(rows: Rows, last: date) -> Rows:
    return [row for row in rows if last - timedelta(30) < row["order_date"] <= last]


def _sum(rows: Rows, name: str) -> Decimal:
    return sum((row[name] for row in rows), Decimal(0))


def _late(parcels: Rows) -> Decimal | None:
    states = [p["ship_status"] for p in parcels]
    late = states.count("late") + states.count("overdue_unshipped")
    return ratio(late, late + states.count("on_time"))


def _stock_out(listings: Rows) -> Decimal | None:
    """Of the codes on sale whose stock is known."""
    codes = grouped([s for s in listings if s["sku_code"]], lambda s: s["sku_code"])
    on_sale = [group for group in codes.values() if any(s["is_active"] for s in group)]
    stocks = [[s["stock"] for s in group if s["stock"] is not None] for group in on_sale]
    known = [sum(stock) for stock in stocks if stock]
    return ratio(sum(stock <= 0 for stock in known), len(known))


def points_of(metric: str, value: Decimal | None) -> Fraction | None:
    """Linear between the anchors, clamped to 0–100."""
    if value is None:
        return None
    zero, full = Fraction(_ANCHORS[metric][1]), Fraction(_ANCHORS[metric][2])
    return min(Fraction(100), max(Fraction(0), (Fraction(value) - zero) / (full - zero) * 100))


def score(points: dict[str, Fraction | None]) -> Decimal | None:
    """Σ weight × points ÷ Σ weight of what is known, 1 decimal."""
    known = {name: found for name, found in points.items() if found is not None}
    weight = sum(_ANCHORS[name][0] for name in known)
    return _shown(sum(_ANCHORS[name][0] * found for name, found in known.items()) / Fraction(weight)) if known else None


def grade(total: Decimal | None) -> str | None:
    """A from 85, B from 70, C from 55, else D."""
    if total is None:
        return None
    return "A" if total >= 85 else "B" if total >= 70 else "C" if total >= 55 else "D"


def _shown(value: Fraction | None) -> Decimal | None:
    if value is None:
        return None
    return ratio(value.numerator, value.denominator, 1)
