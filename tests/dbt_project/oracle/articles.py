"""Articles (§6.3): by day and shop, ranked by month, their stock."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.dbt_project.oracle.periods import measures, month, month_after, month_before, parents, shop_columns
from tests.dbt_project.oracle.reading import REPORTING_ZONE, Row, Rows, day_in, grouped, ratio, whole

_UNKNOWN = "UNKNOWN"


def sku_daily(lines: Rows) -> Rows:
    """mart_sku_daily."""
    groups = grouped(lines, lambda line: (line["order_date"], line["shop_id"], line["sku_code"]))
    return [
        {"order_date": day, "shop_id": shop_id, "sku_code": code, **shop_columns(group[0]["shop"]), **measures(group)}
        for (day, shop_id, code), group in groups.items()
    ]


def sku_daily_by_manager(lines: Rows) -> Rows:
    """mart_sku_daily_by_manager: G decides per line, so an article of two managers has two rows that day."""
    of_managers = grouped(lines, lambda line: line["manager"])
    return [row | {"manager": name} for name, of_manager in of_managers.items() for row in sku_daily(of_manager)]


def sku_monthly_by_manager(lines: Rows) -> Rows:
    """mart_sku_monthly_by_manager: a parent lies on one day (T1), so its counts of a month are those of its days."""
    groups = grouped(
        lines, lambda line: (month(line["order_date"]), line["shop_id"], line["manager"], line["sku_code"])
    )
    return [
        {"month_start": start, "month_label": f"{start:%Y-%m}", "shop_id": shop_id, "manager": name, "sku_code": code}
        | shop_columns(group[0]["shop"])
        | measures(group)
        for (start, shop_id, name, code), group in groups.items()
    ]


def manager_daily(lines: Rows) -> Rows:
    """mart_manager_daily."""
    groups = grouped(lines, lambda line: (line["order_date"], line["shop_id"], line["manager"]))
    return [
        {"order_date": day, "month_label": f"{day:%Y-%m}", "shop_id": shop_id, "manager": name}
        | shop_columns(group[0]["shop"])
        | measures(group)
        for (day, shop_id, name), group in groups.items()
    ]


def months_with_orders(lines: Rows) -> list[date]:
    """§6.3: without holes from the first to the last month with (valid) orders."""
    found = [month(line["order_date"]) for line in lines if line["is_sale"]]
    months = [min(found)] if found else []
    while months and months[-1] < max(found):
        months.append(month_after(months[-1]))
    return months


def sku_ranking_monthly(lines: Rows) -> Rows:
    """mart_sku_ranking_monthly."""
    groups = grouped(lines, lambda line: (month(line["order_date"]), line["sku_code"]))
    rows: Rows = []
    for start in months_with_orders(lines):
        rows += _ranked([_article(groups, start, code) for code in _sold_now_or_before(groups, start)])
    return rows


def _sold_now_or_before(groups: dict[object, Rows], start: date) -> list[str]:
    periods = (start, month_before(start))
    sold = {code for (begins, code), group in groups.items() if begins in periods and _units(group)}
    return sorted(sold)


def _units(group: Rows) -> int:
    return sum(line["units"] for line in group)


def _article(groups: dict[object, Rows], start: date, code: str) -> Row:
    lines = groups.get((start, code), [])
    sales = [line for line in lines if line["is_sale"]]
    found = measures(lines)
    now, before = _units(lines), _units(groups.get((month_before(start), code), []))
    return found | {
        "month_start": start,
        "sku_code": code,
        "orders": parents(sales),
        "shops": len({line["shop_id"] for line in sales}),
        "avg_unit_price_cny": ratio(found["gmv_cny"], now, 2),
        "prev_units": before,
        "units_growth": ratio(now - before, before),
        "trend": trend(now, before),
    }


def trend(now: int, before: int) -> str:
    """§6.3: compared exactly, before rounding."""
    if not before:
        return "new"
    if not now:
        return "gone"
    growth = Fraction(now - before, before)
    return "up" if growth >= Fraction(1, 10) else "down" if growth <= Fraction(-1, 10) else "flat"


def _ranked(rows: Rows) -> Rows:
    """Ranks, shares and classes of one month."""
    entering = [row for row in rows if row["units_sold"] and row["sku_code"] != _UNKNOWN]
    total = sum((row["gmv_cny"] for row in entering), Decimal(0))
    empty: Row = dict.fromkeys(("rank_units", "rank_gmv", "gmv_share", "cum_gmv_share", "abc_class"))
    for row in rows:
        row |= empty
    so_far = Decimal(0)
    for row in sorted(entering, key=lambda r: (-r["gmv_cny"], r["sku_code"])):
        gmv: Decimal = row["gmv_cny"]
        row["abc_class"] = abc_class(so_far, total) if gmv > 0 else None
        so_far += gmv
        row["gmv_share"], row["cum_gmv_share"] = ratio(gmv, total), ratio(so_far, total)
        row["rank_gmv"], row["rank_units"] = rank(row, entering, "gmv_cny"), rank(row, entering, "units_sold")
    return rows


def rank(row: Row, among: Rows, name: str) -> int:
    """RANK(): 1, 2, 2, 4."""
    return 1 + sum(other[name] > row[name] for other in among)


def abc_class(before: Decimal, total: Decimal) -> str:
    """§6.3: by the share accumulated before the article."""
    share = Fraction(before) / Fraction(total)
    return "A" if share < Fraction(80, 100) else "B" if share < Fraction(95, 100) else "C"


def sku_stock(lines: Rows, listed: Rows, snapshots: Rows, as_of: date) -> Rows:
    """mart_sku_stock; `listed` are products of production shops."""
    sales = [line for line in lines if line["is_sale"] and line["order_date"] <= as_of]
    by_code = grouped(sales, lambda line: line["sku_code"])
    carried = grouped([p for p in listed if p["sku_code"]], lambda p: p["sku_code"])
    counted = _latest_counts(snapshots, as_of)
    codes = (set(by_code) | set(carried)) - {_UNKNOWN}
    return [_stock(code, by_code.get(code, []), carried.get(code, []), counted, as_of) for code in codes]


def _latest_counts(snapshots: Rows, as_of: date) -> dict[object, int | None]:
    counts = sorted((s for s in snapshots if s["snapshot_date"] <= as_of), key=lambda s: s["snapshot_date"])
    return {s["product_id"]: whole(s["on_hand"]) for s in counts}


def _stock(code: object, sales: Rows, listed: Rows, counted: dict[object, int | None], as_of: date) -> Row:
    on_hand = [counted[p["id"]] if p["id"] in counted else p["stock_quantity"] for p in listed]
    known = [units for units in on_hand if units is not None]
    stock = sum(known) if known else None
    days = [line["order_date"] for line in sales]
    first = min(days, default=None)
    velocity = min(30, (as_of - first).days + 1) if first else None
    units = _units([line for line in sales if line["order_date"] > as_of - timedelta(30)])
    return {
        "as_of_date": as_of,
        "sku_code": code,
        "is_on_sale": any(p["is_active"] for p in listed),
        "stock_on_hand": stock,
        "listed_date": min((day_in(REPORTING_ZONE, p["listed_at"]) for p in listed if p["listed_at"]), default=None),
        "first_sale_date": first,
        "last_sale_date": max(days, default=None),
        "velocity_days": velocity,
        "units_30d": units,
        "avg_daily_units": ratio(units, velocity) if velocity else None,
        "days_of_cover": None if stock is None or not velocity else ratio(stock * velocity, units, 1),
        "sell_through_30d": None if stock is None else ratio(units, units + stock),
    }
