"""What the platform owes, when it should pay and what it has paid (§6.6)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from tests.dbt_project.oracle.lines import Ledger
from tests.dbt_project.oracle.periods import month, shop_columns
from tests.dbt_project.oracle.reading import REPORTING_ZONE, Row, Rows, day_in, grouped, known_sum, ratio
from tests.dbt_project.oracle.refunds import latest_cases
from tests.dbt_project.oracle.settlements import charges_by_kind, known_total, last_day

_STATES = ("not_started", "projected", "expected", "due", "overdue", "held", "settled", "nil")
_TAKEN = ("penalty", "label", "other_fee")
_GIVEN = ("subsidy", "freight_income")
_AGES = {3: "0-3", 7: "4-7", 14: "8-14", 30: "15-30"}


def collections(books: Ledger, settled: Rows, staged_refunds: Rows, as_of: date) -> Rows:
    """fct_collections."""
    parents = grouped(books.lines, lambda line: (line["shop_id"], line["parent_key"]))
    charges, money = charges_by_kind(books), grouped(settled, lambda r: r["parent"])
    held = _held(books.lines, staged_refunds)
    rows = [
        _amounts(parent, lines, charges.get(parent, {}), books) | {"has_open_refund": parent in held}
        for parent, lines in parents.items()
        if any(line["is_sale"] for line in lines)
    ]
    transits = _transits(rows, as_of)
    for row in rows:
        row["transit_days"] = transits.get(row["shop_id"], 10)
        row |= _settled(money.get((row["shop_id"], row["parent_key"]), []), row)
        row |= _dated(row)
        row |= _stated(row, as_of)
    return rows


def _held(lines: Rows, staged_refunds: Rows) -> set[object]:
    """Parents of which a refund is still requested or approved."""
    cases = {
        (c["shop_id"], c["order_sn"]) for c in latest_cases(staged_refunds) if c["status"] in ("requested", "approved")
    }
    return {(line["shop_id"], line["parent_key"]) for line in lines if (line["shop_id"], line["order_sn"]) in cases}


def _amounts(parent: object, lines: Rows, charged: dict[str, Decimal], books: Ledger) -> Row:
    shop_id, key = parent  # type: ignore[misc]
    shop = books.shops[shop_id]
    sales = [line for line in lines if line["is_sale"]]
    managers = {line["manager"] for line in lines}
    parts: Row = {f"{kind}_cny": charged.get(kind, Decimal(0)) for kind in (*_TAKEN, *_GIVEN)}
    for name in ("net_revenue_cny", "platform_fee_cny", "payment_fee_cny"):
        known = [line[name] for line in sales if line[name] is not None]
        parts[name] = known_sum(known) if known else None
    return {
        "shop_id": shop_id, "parent_key": key, **shop_columns(shop), "order_date": lines[0]["order_date"],
        "manager": managers.pop() if len(managers) == 1 else None, "sale_lines": len(sales),
        "units_sold": sum(line["units"] for line in lines),
        "unpriced_lines": sum(line["gmv_cny"] is None for line in sales), **parts,
        "expected_amount_cny": _expected(parts), **_progress(sales),
        "settlement_lag_days": shop["settlement_lag_days"],
    }  # fmt: skip


def _expected(parts: Row) -> Decimal | None:
    net: Decimal | None = parts["net_revenue_cny"]
    if net is None:
        return None
    costs = sum((parts[f"{kind}_cny"] for kind in (*_TAKEN, "platform_fee", "payment_fee")), Decimal(0))
    return net - costs + sum((parts[f"{kind}_cny"] for kind in _GIVEN), Decimal(0))


def _progress(sales: Rows) -> Row:
    """When the last sale line left and arrived, if all of them did."""
    left = all(line["status"] != "paid" for line in sales)
    arrived = all(line["status"] in ("delivered", "completed", "refunded") for line in sales)
    times = {name: [line[name] for line in sales if line[name]] for name in ("shipping_time", "delivery_time")}
    shipped = max(times["shipping_time"], default=None) if left else None
    delivered = max(times["delivery_time"], default=None) if arrived else None
    return {
        "shipped_at": shipped,
        "delivered_at": delivered,
        "delivered_date": delivered and day_in(REPORTING_ZONE, delivered),
        "shipped_date": shipped and day_in(REPORTING_ZONE, shipped),
    }


def _transits(rows: Rows, as_of: date) -> dict[object, int]:
    """Median days in transit per shop, of parents delivered in the last 90 days."""
    found: dict[object, list[int]] = {}
    for row in rows:
        shipped, delivered = row["shipped_date"], row["delivered_date"]
        if shipped and delivered and as_of - timedelta(90) < delivered <= as_of and delivered >= shipped:
            found.setdefault(row["shop_id"], []).append((delivered - shipped).days)
    return {shop: int(Decimal(median(days)).quantize(Decimal(1), ROUND_HALF_UP)) for shop, days in found.items()}


def _settled(money: Rows, row: Row) -> Row:
    collected = known_total(money)
    off = (
        None if not money or None in (collected, row["expected_amount_cny"]) else collected - row["expected_amount_cny"]
    )
    return {
        "settlement_lines": len(money),
        "collected_date": last_day(money),
        "collected_cny": collected,
        "variance_cny": off,
        "variance_rate": None if off is None else ratio(off, abs(row["expected_amount_cny"])),
        "is_beyond_tolerance": _is_beyond(off, row),
    }


def _is_beyond(off: Decimal | None, row: Row) -> bool:
    """§7.3: by more than 5 % and by more than 50 CNY; nothing is said of a parent that is not priced whole."""
    if off is None or row["unpriced_lines"]:
        return False
    return abs(off) > 50 and abs(off) > abs(row["expected_amount_cny"]) * Decimal("0.05")


def _dated(row: Row) -> Row:
    shipped, delivered, lag = row["shipped_date"], row["delivered_date"], row["settlement_lag_days"]
    forecast: date | None = None
    if delivered:
        forecast = delivered + timedelta(lag)
    elif shipped:
        forecast = min(shipped + timedelta(row["transit_days"] + lag), shipped + timedelta(45))
    cash = None if None in (row["collected_date"], delivered) else (row["collected_date"] - delivered).days
    expected = row["collected_date"] if row["settlement_lines"] else forecast
    return {"forecast_date": forecast, "expected_date": expected, "days_to_cash": cash}


def _stated(row: Row, as_of: date) -> Row:
    state, amount = _state(row, as_of), row["expected_amount_cny"]
    owed = Decimal(0) if state == "settled" or (amount is not None and amount <= 0) else amount
    past_due = (as_of - row["expected_date"]).days if state in ("due", "overdue") else None
    return {
        "state": state,
        "state_no": _STATES.index(state) + 1,
        "bucket": None if state in ("settled", "nil") else _bucket(row["expected_date"], as_of),
        "outstanding_cny": owed,
        "days_past_due": past_due,
    }


def _state(row: Row, as_of: date) -> str:
    """First that applies."""
    amount, day = row["expected_amount_cny"], row["expected_date"]
    if row["settlement_lines"]:
        return "settled"
    if amount is not None and amount <= 0:
        return "nil"
    if row["has_open_refund"]:
        return "held"
    if row["delivered_date"]:
        return "overdue" if day + timedelta(3) < as_of else "due" if day <= as_of else "expected"
    return "projected" if row["shipped_date"] else "not_started"


def _bucket(day: date | None, as_of: date) -> str:
    if day is None:
        return "undated"
    ahead = (day - as_of).days
    return "past" if ahead <= 0 else "next_7" if ahead <= 7 else "next_30" if ahead <= 30 else "later"


def calendar(rows: Rows, as_of: date) -> Rows:
    """mart_collection_calendar."""
    groups = grouped(rows, lambda r: (r["expected_date"], r["shop_id"], r["state"]))
    return [_day(day, group, as_of) for (day, _, _), group in groups.items()]


def _day(day: date | None, group: Rows, as_of: date) -> Row:
    first, is_past = group[0], day is not None and day <= as_of
    expected = known_sum(r["expected_amount_cny"] for r in group)
    collected = known_sum(r["collected_cny"] for r in group)
    same = (
        "shop_id",
        "shop_name",
        "region",
        "entity",
        "business_model",
        "state",
        "state_no",
        "bucket",
        "days_past_due",
    )
    return {name: first[name] for name in same} | {
        "calendar_date": day,
        "month_start": day and month(day),
        "ageing_bucket": _age(first["days_past_due"]),
        "parents": len(group),
        "unknown_parents": sum(r["expected_amount_cny"] is None for r in group),
        "amount_cny": collected if first["state"] == "settled" else expected,
        "expected_amount_cny": expected,
        "collected_cny": collected,
        "outstanding_cny": known_sum(r["outstanding_cny"] for r in group),
        "past_expected_cny": expected if is_past else Decimal(0),
        "past_collected_cny": collected if is_past else Decimal(0),
    }


def _age(days: int | None) -> str | None:
    return None if days is None else next((name for last, name in _AGES.items() if days <= last), "31+")
