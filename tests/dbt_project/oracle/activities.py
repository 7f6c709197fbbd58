"""What a promotion changed (§6.9), from lines, activities and their items."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.dbt_project.oracle.periods import shop_columns
from tests.dbt_project.oracle.reading import (
    REPORTING_ZONE,
    Row,
    Rows,
    audit_instant,
    business_instant,
    day_in,
    grouped,
    lowest_if_unknown,
    newest,
    number,
    ratio,
    round_half_away,
    text,
    whole,
)

_TYPES = ("discount", "flash_sale", "coupon", "bundle")
_MEASURES = {"units": "units", "gmv_cny": "gmv_cny", "profit_cny": "profit_cny"}


def activity_lift(staged: Rows, items: Rows, listed: Rows, lines: Rows, shops: dict[int, Row], as_of: date) -> Rows:
    """mart_activity_lift of production shops."""
    versions = newest(staged, lambda r: r["id"], lambda r: lowest_if_unknown(audit_instant(r["updated_at"])))
    plans = [_plan(row, shops) for row in versions if shops.get(row["shop_id"], {}).get("is_production")]
    sold_in = grouped(lines, lambda line: line["shop_id"])
    for plan in plans:
        _with_items(plan, items, listed, sold_in.get(plan["shop_id"], []))
    by_shop = grouped([line for line in lines if line["order_date"] <= as_of], lambda line: line["shop_id"])
    return [_lift(plan, plans, by_shop.get(plan["shop_id"], []), as_of) for plan in plans]


def _plan(row: Row, shops: dict[int, Row]) -> Row:
    start, end = business_instant(row["start_time"]), business_instant(row["end_time"])
    first = start and day_in(REPORTING_ZONE, start)
    last = end and day_in(REPORTING_ZONE, end)
    kind = (text(row["activity_type"]) or "").lower()
    return shop_columns(shops[row["shop_id"]]) | {
        "activity_row_id": row["id"],
        "shop_id": row["shop_id"],
        "activity_id": text(row["activity_id"]),
        "activity_name": text(row["activity_name"]) or text(row["activity_id"]),
        "activity_type": kind if kind in _TYPES else "other",
        "status": text(row["status"]),
        "activity_cost_cny": number(row["activity_cost"]),
        "start_date": first,
        "end_date": last,
        "is_dated": first is not None and (last is None or last >= first),
    }


def _with_items(plan: Row, items: Rows, listed: Rows, sold: Rows) -> None:
    own = [i for i in items if i["activity_id"] == plan["activity_row_id"] and text(i["product_sku_id"])]
    skus = {text(i["product_sku_id"]) for i in own}
    codes = {_code(plan["shop_id"], sku_id, listed) or _code_of_lines(sku_id, sold) for sku_id in skus}
    plan |= {"has_items": bool(own), "items": len(own), "codes": codes - {None}, "skus": len(codes - {None})}
    for name in ("impressions", "clicks", "payers"):
        known = [whole(i[name]) for i in own if i[name] is not None]
        plan[name] = sum(k for k in known if k is not None) if known else None
    plan["click_rate"] = ratio(plan["clicks"], plan["impressions"])
    plan["pay_rate"] = ratio(plan["payers"], plan["clicks"])


def _code(shop_id: object, sku_id: str | None, listed: Rows) -> str | None:
    found = [p for p in listed if p["shop_id"] == shop_id and p["sku_id"] == sku_id]
    return min(found, key=lambda p: p["id"])["sku_code"] if found else None


def _code_of_lines(sku_id: str | None, sold: Rows) -> str | None:
    """What the newest line of the listing calls its article."""
    found = [
        (-line["order_date"].toordinal(), line["sku_code"])
        for line in sold
        if line["product_sku_id"] == sku_id and line["sku_code"] != "UNKNOWN"
    ]
    return min(found)[1] if found else None


def _lift(plan: Row, plans: Rows, lines: Rows, as_of: date) -> Row:
    others = [other for other in plans if other is not plan and _confounds(other, plan, as_of)]
    plan = plan | {"is_confounded": bool(others), "confounding_activities": len(others), "phase": _phase(plan, as_of)}
    start, end = plan["start_date"], plan["end_date"]
    last = min(day for day in (end, as_of) if day is not None)
    plan["days"] = max(0, (last - start).days + 1) if plan["is_dated"] else None
    plan["baseline_days"] = _history(lines, start)
    is_unknown = plan["has_items"] and not plan["codes"]
    if is_unknown or not plan["is_dated"] or not _has_rows(lines, plan, as_of):
        return plan | _nothing()
    before = _sums(plan, lines, start - timedelta(28), start - timedelta(1))
    during = _sums(plan, lines, start, last)
    after = _sums(plan, lines, end + timedelta(1), end + timedelta(7)) if end else {}
    shown = {
        "units_sold": during["units"], "gmv_cny": during["gmv_cny"], "profit_cny": during["profit_cny"],
        "baseline_units": before["units"], "baseline_gmv_cny": before["gmv_cny"],
        "baseline_profit_cny": before["profit_cny"],
        "unpriced_lines": during["unpriced"], "uncosted_lines": during["uncosted"],
        "baseline_unpriced_lines": before["unpriced"], "baseline_uncosted_lines": before["uncosted"],
        "cost_coverage": ratio(during["costed"], during["net"]) if plan["days"] else None,
    }  # fmt: skip
    if not plan["days"] or plan["baseline_days"] < 14:
        return plan | _nothing() | shown
    return plan | shown | _compared(plan, before, during, after, as_of)


def _has_rows(lines: Rows, plan: Row, as_of: date) -> bool:
    """Whether the shop has business days near the promotion at all."""
    first = min((line["order_date"] for line in lines), default=None)
    last = plan["end_date"] + timedelta(14) if plan["end_date"] else as_of
    return first is not None and first <= min(last, as_of) and plan["start_date"] - timedelta(28) <= as_of


def _history(lines: Rows, start: date | None) -> int | None:
    first = min((line["order_date"] for line in lines), default=None)
    if first is None:
        return 0
    return None if start is None else max(0, min(28, (start - first).days))


def _phase(plan: Row, as_of: date) -> str:
    if not plan["is_dated"]:
        return "undated"
    if plan["start_date"] > as_of:
        return "planned"
    return "running" if plan["end_date"] is None or plan["end_date"] > as_of else "ended"


def _confounds(other: Row, plan: Row, as_of: date) -> bool:
    """Another promotion of the shop covers one of its articles in the window or in the 28 days before."""
    if other["shop_id"] != plan["shop_id"] or not (other["is_dated"] and plan["is_dated"]):
        return False
    cut = as_of if plan["end_date"] is None else min(plan["end_date"], as_of)
    closes = max(cut, plan["start_date"])
    opens = plan["start_date"] - timedelta(28)
    touches = other["start_date"] <= closes and (other["end_date"] is None or other["end_date"] >= opens)
    shares = not plan["has_items"] or not other["has_items"] or bool(plan["codes"] & other["codes"])
    return touches and shares


def _sums(plan: Row, lines: Rows, first: date, last: date) -> Row:
    within = [line for line in lines if first <= line["order_date"] <= last]
    own = [line for line in within if not plan["has_items"] or line["sku_code"] in plan["codes"]]
    found: Row = {name: _sum(own, column) for name, column in _MEASURES.items()}
    found["control"] = _sum(within, "gmv_cny") - found["gmv_cny"] if plan["has_items"] else None
    found["net"] = _sum(own, "net_revenue_cny")
    found["unpriced"] = sum(line["is_sale"] and line["gmv_cny"] is None for line in own)
    found["uncosted"] = sum(line["is_sale"] and line["cogs_cny"] is None for line in own)
    found["costed"] = _sum([line for line in own if line["profit_cny"] is not None], "net_revenue_cny")
    if not found["costed"] and (found["uncosted"] or found["unpriced"]):
        found["profit_cny"] = None  # not the 0 that no known line adds up to
    return found


def _sum(lines: Rows, name: str) -> Decimal:
    return sum((Decimal(line[name]) for line in lines if line[name] is not None), Decimal(0))


_COMPARISONS = (
    "lift_units", "lift_gmv", "control_index", "incremental_gmv_cny", "incremental_gmv_adj_cny",
    "incremental_profit_cny", "incremental_profit_adj_cny", "roi", "pull_forward",
)  # fmt: skip
_SUMS = (
    "units_sold", "gmv_cny", "profit_cny", "cost_coverage", "baseline_units", "baseline_gmv_cny", "baseline_profit_cny",
    "unpriced_lines", "uncosted_lines", "baseline_unpriced_lines", "baseline_uncosted_lines",
)  # fmt: skip


def _nothing() -> Row:
    return dict.fromkeys((*_COMPARISONS, *_SUMS))


def _compared(plan: Row, before: Row, during: Row, after: Row, as_of: date) -> Row:
    days, base_days = plan["days"], plan["baseline_days"]
    index = _over(during["control"], days, before["control"], base_days) if plan["has_items"] else None
    profit = _less(during["profit_cny"], before["profit_cny"], Fraction(days, base_days))
    is_over = plan["end_date"] is not None and plan["end_date"] + timedelta(7) <= as_of
    by_control = None if index is None else index * days / base_days
    return {
        "lift_units": _places(_minus_one(_over(during["units"], days, before["units"], base_days)), 4),
        "lift_gmv": _places(_minus_one(_over(during["gmv_cny"], days, before["gmv_cny"], base_days)), 4),
        "control_index": _places(index, 4),
        "incremental_gmv_cny": _less(during["gmv_cny"], before["gmv_cny"], Fraction(days, base_days)),
        "incremental_gmv_adj_cny": _less(during["gmv_cny"], before["gmv_cny"], by_control),
        "incremental_profit_cny": profit,
        "incremental_profit_adj_cny": _less(during["profit_cny"], before["profit_cny"], by_control),
        "roi": ratio(profit, plan["activity_cost_cny"]),
        "pull_forward": _places(_minus_one(_over(after["units"], 7, before["units"], base_days)), 4)
        if is_over
        else None,
    }


def _over(now: Decimal, days: int, then: Decimal, base_days: int) -> Fraction | None:
    """Daily mean ÷ daily mean."""
    return (Fraction(now) / days) / (Fraction(then) / base_days) if then else None


def _minus_one(value: Fraction | None) -> Fraction | None:
    return None if value is None else value - 1


def _less(now: Decimal | None, then: Decimal | None, factor: Fraction | None) -> Decimal | None:
    return (
        None if now is None or then is None or factor is None else _places(Fraction(now) - Fraction(then) * factor, 2)
    )


def _places(value: Fraction | None, places: int) -> Decimal | None:
    if value is None:
        return None
    return ratio(value.numerator, value.denominator, places) if value else round_half_away(Decimal(0), places)
