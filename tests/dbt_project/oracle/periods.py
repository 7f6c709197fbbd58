"""GMV by day, local day, week and month (§6.2), and the measures every aggregate shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal

from tests.dbt_project.oracle.reading import Row, Rows, grouped, known_sum, ratio

Period = tuple[date, object]
_OF_COSTED = {
    "costed_net_revenue_cny": "net_revenue_cny",
    "cogs_cny": "cogs_cny",
    "platform_fee_cny": "platform_fee_cny",
    "payment_fee_cny": "payment_fee_cny",
    "charges_cny": "charges_cny",
    "profit_cny": "profit_cny",
}


def parents(lines: Iterable[Row]) -> int:
    """§3.4: distinct parents, the same string in two shops being two."""
    return len({(line["shop_id"], line["parent_key"]) for line in lines})


def measures(lines: Rows) -> Row:
    """§6.2 over any group of lines; the costed amounts are summed over the same lines (L)."""
    sales = [line for line in lines if line["is_sale"]]
    return (
        _counts(lines, sales)
        | with_ratios(_amounts(lines) | {"orders": parents(sales)})
        | {
            "cancel_rate": _cancel_rate(lines, sales),
            "unpriced_lines": sum(line["gmv_cny"] is None for line in sales),
            "uncosted_lines": sum(line["cogs_cny"] is None for line in sales),
        }
    )


def _counts(lines: Rows, sales: Rows) -> Row:
    return {
        "orders_all": parents(lines),
        "cancelled_orders": _cancelled(lines, sales),
        "order_lines": len(sales),
        "units_sold": sum(line["units"] for line in lines),
        "units_refunded": sum(line["units_refunded"] for line in lines),
    }


def _cancelled(lines: Rows, sales: Rows) -> int:
    """Parents without a sale line and with a cancelled one."""
    sold = {(line["shop_id"], line["parent_key"]) for line in sales}
    cancelled = {(line["shop_id"], line["parent_key"]) for line in lines if line["status"] == "cancelled"}
    return len(cancelled - sold)


def _cancel_rate(lines: Rows, sales: Rows) -> Decimal | None:
    cancelled = _cancelled(lines, sales)
    return ratio(cancelled, parents(sales) + cancelled)


def _amounts(lines: Rows) -> Row:
    known = [line for line in lines if line["profit_cny"] is not None]
    amounts: Row = {
        name: known_sum(line[name] for line in lines)
        for name in ("gmv_cny", "refund_cny", "net_revenue_cny", "profit_est_cny")
    }
    return amounts | {name: known_sum(line[source] for line in known) for name, source in _OF_COSTED.items()}


def with_ratios(row: Row) -> Row:
    """Chapter 2: ratios from the summed amounts."""
    gmv, net = row["gmv_cny"], row["net_revenue_cny"]
    costed = row["costed_net_revenue_cny"]
    return row | {
        "profit_margin": ratio(row["profit_cny"], costed),
        "cost_coverage": ratio(costed, net),
        "aov_cny": ratio(gmv, row["orders"], 2),
        "refund_rate": ratio(row["refund_cny"], gmv),
    }


def shop_columns(shop: Row) -> Row:
    """Attributes repeated on every mart with a shop."""
    return {name: shop[name] for name in ("shop_name", "region", "entity", "business_model")}


def daily(lines: Rows, as_of: date) -> Rows:
    """mart_gmv_daily: dense from a shop's first day to the later of as_of and its last day."""
    rows: Rows = []
    for shop_id, of_shop in grouped(lines, lambda line: line["shop_id"]).items():
        by_day = grouped(of_shop, lambda line: line["order_date"])
        first, last = min(by_day), max([*by_day, as_of])
        days = [first + timedelta(n) for n in range((last - first).days + 1)]
        shop = shop_columns(of_shop[0]["shop"])
        rows += [
            {"order_date": day, "shop_id": shop_id, "week_label": week_label(day), "iso_weekday": day.isoweekday(),
             "is_complete": day <= as_of, **shop, **measures(by_day.get(day, []))}
            for day in days
        ]  # fmt: skip
    return compared(rows, "order_date", lambda day: day - timedelta(1), year_before)


def weekly(lines: Rows, as_of: date) -> Rows:
    """mart_gmv_weekly: ISO weeks with at least one line."""
    rows = _periodic(lines, "week_start", monday, lambda start: start + timedelta(6) <= as_of)
    for row in rows:
        row["week_label"] = week_label(row["week_start"])
    return compared(rows, "week_start", lambda start: start - timedelta(7), same_week_of_year_before)


def monthly(lines: Rows, as_of: date) -> Rows:
    """mart_gmv_monthly: calendar months with at least one line."""
    rows = _periodic(lines, "month_start", month, lambda start: month_after(start) - timedelta(1) <= as_of)
    return compared(rows, "month_start", month_before, year_before)


def daily_local(lines: Rows) -> Rows:
    """mart_gmv_daily_local: days of the shop's own zone with at least one line."""
    rows: Rows = []
    for (day, shop_id), group in grouped(lines, lambda line: (line["order_date_local"], line["shop_id"])).items():
        shop, found = group[0]["shop"], measures(group)
        few = {name: found[name] for name in ("orders", "units_sold", "gmv_cny", "unpriced_lines")}
        key = {"order_date_local": day, "shop_id": shop_id, "timezone": shop["timezone"]}
        rows.append(key | shop_columns(shop) | few)
    return rows


def _periodic(lines: Rows, name: str, start_of: Callable[[date], date], complete: Callable[[date], bool]) -> Rows:
    groups = grouped(lines, lambda line: (start_of(line["order_date"]), line["shop_id"]))
    return [
        {
            name: start,
            "shop_id": shop_id,
            "is_complete": complete(start),
            **shop_columns(group[0]["shop"]),
            **measures(group),
        }
        for (start, shop_id), group in groups.items()
    ]


def compared(rows: Rows, name: str, before: Callable[[date], date], a_year_ago: Callable[[date], date | None]) -> Rows:
    """gmv_prev, gmv_prev_year_cny; gmv_pop, gmv_yoy: NULL when the other period is absent or 0."""
    gmv = {(row[name], row["shop_id"]): row["gmv_cny"] for row in rows}
    for row in rows:
        row["gmv_prev"] = gmv.get((before(row[name]), row["shop_id"]))
        row["gmv_pop"] = change(row["gmv_cny"], row["gmv_prev"])
        row["gmv_prev_year_cny"] = gmv.get((a_year_ago(row[name]), row["shop_id"]))
        row["gmv_yoy"] = change(row["gmv_cny"], row["gmv_prev_year_cny"])
    return rows


def change(now: object, then: object) -> Decimal | None:
    """now ÷ then − 1."""
    return ratio(now - then, then) if then else None


def week_label(day: date) -> str:
    """ISO week, also around New Year: 2024-12-30 → 2025-W01."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday(day: date) -> date:
    """First day of the ISO week."""
    return day - timedelta(day.isoweekday() - 1)


def month(day: date) -> date:
    """First day of the month."""
    return day.replace(day=1)


def month_before(start: date) -> date:
    """First day of the month before."""
    return month(start - timedelta(1))


def month_after(start: date) -> date:
    """First day of the month after."""
    return month(start + timedelta(31))


def same_week_of_year_before(start: date) -> date | None:
    """The week of the same number; a 53rd week mostly has none. Reading chosen: the specification says `one year`."""
    year, week, _ = start.isocalendar()
    try:
        return date.fromisocalendar(year - 1, week, 1)
    except ValueError:
        return None


def year_before(day: date) -> date:
    """The same day one year earlier, the last of February for a leap day."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
