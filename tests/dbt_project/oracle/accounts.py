"""The P&L by the days of the accounts (§6.5), and what separates it from the profit by business day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from tests.dbt_project.oracle.lines import Ledger
from tests.dbt_project.oracle.periods import month, shop_columns
from tests.dbt_project.oracle.reading import REPORTING_ZONE, Row, Rows, cents, day_in, grouped, known_sum, product

_SECTIONS = {
    "gmv": "revenue", "refunds": "revenue", "subsidy": "revenue", "freight_income": "revenue", "cogs": "cost_of_goods",
    "platform_fee": "platform_cost", "payment_fee": "platform_cost", "label": "platform_cost",
    "penalty": "platform_cost", "other_fee": "platform_cost", "first_mile": "logistics", "last_mile": "logistics",
}  # fmt: skip
_OF_LINES = {"gmv": 1, "cogs": -1, "platform_fee": -1, "payment_fee": -1}


def pnl_lines(books: Ledger, as_of: date) -> Rows:
    """mart_pnl_lines: one row for every day, shop and line to which anything but zero belongs."""
    groups = grouped(_entries(books), lambda e: (e["day"], e["shop_id"], e["line"]))
    return [
        {
            "accounting_date": day, "month_start": month(day), "shop_id": shop_id, "pnl_line": line,
            "line_no": [*_SECTIONS].index(line) + 1, "section": _SECTIONS[line],
            "section_no": [*dict.fromkeys(_SECTIONS.values())].index(_SECTIONS[line]) + 1,
            "amount_cny": known_sum(e["amount"] for e in group),
            "skipped_rows": sum(e["amount"] is None for e in group),
            "is_complete": day <= as_of, **shop_columns(books.shops[shop_id]),
        }
        for (day, shop_id, line), group in groups.items()
    ]  # fmt: skip


def _entries(books: Ledger) -> Rows:
    found = [*_of_sales(books.lines), *_inferred(books.lines), *_of_refunds(books), *_of_charges(books.charges)]
    return [entry for entry in found if entry["amount"] != 0]


def _entry(day: date, shop_id: object, line: str, amount: Decimal | None) -> Row:
    return {"day": day, "shop_id": shop_id, "line": line, "amount": amount}


def _of_sales(lines: Rows) -> Iterable[Row]:
    """Sales, cost and fees on the business day; what is unknown is counted, not guessed."""
    for line in lines:
        for name, sign in _OF_LINES.items():
            amount = line[f"{name}_cny"]
            yield _entry(line["order_date"], line["shop_id"], name, None if amount is None else sign * amount)


def _inferred(lines: Rows) -> Iterable[Row]:
    """R3: a refund that only the status tells has no day but that of its order."""
    for line in lines:
        if line["refund_inferred"]:
            amount = line["refund_cny"]
            yield _entry(line["order_date"], line["shop_id"], "refunds", None if amount is None else -amount)


def booked_refunds(books: Ledger) -> Rows:
    """Refunds of sale lines with known GMV (R5), on their day and at its rate."""
    return [
        {
            "line": line,
            "day": day,
            "cny": cents(product(refund["amount"], books.exchange.rate(refund["currency"], day))),
        }
        for line in books.lines
        if line["is_sale"] and line["gmv_cny"] is not None
        for refund in books.refunds.get(line["id"], [])
        for day in [_day_of(refund, line)]
    ]


def _day_of(refund: Row, line: Row) -> date:
    return day_in(REPORTING_ZONE, refund["refund_time"]) if refund["refund_time"] else line["order_date"]


def _of_refunds(books: Ledger) -> Iterable[Row]:
    for refund in booked_refunds(books):
        amount = None if refund["cny"] is None else -refund["cny"]
        yield _entry(refund["day"], refund["line"]["shop_id"], "refunds", amount)


def _of_charges(charges: Rows) -> Iterable[Row]:
    for charge in charges:
        yield _entry(charge["day"], charge["parent"][0], charge["kind"], -charge["cny"])


def pnl_reconciliation(books: Ledger) -> Rows:
    """mart_pnl_reconciliation: the same money on both bases, cause by cause."""
    orders = grouped(books.lines, lambda line: (month(line["order_date"]), line["shop_id"]))
    accounts = grouped(_entries(books), lambda e: (month(e["day"]), e["shop_id"]))
    refunds = booked_refunds(books)
    of_orders = grouped(refunds, lambda r: (month(r["line"]["order_date"]), r["line"]["shop_id"]))
    of_days = grouped(refunds, lambda r: (month(r["day"]), r["line"]["shop_id"]))
    charges = grouped(books.charges, lambda c: (month(c["day"]), c["parent"][0]))
    rows: Rows = []
    for key in {*orders, *accounts}:
        lines = orders.get(key, [])
        asked = known_sum(line["refund_cny"] for line in lines if not line["refund_inferred"])
        booked, here = known_sum(_cny(of_orders.get(key))), known_sum(_cny(of_days.get(key)))
        profit, operating = _sum(lines, "profit_cny"), known_sum(e["amount"] for e in accounts.get(key, []))
        rows.append(
            {
                "month_start": key[0], "shop_id": key[1], **shop_columns(books.shops[key[1]]),
                "order_profit_cny": profit, "left_out_cny": _left_out(lines), "refund_timing_cny": booked - here,
                "refund_value_cny": asked - booked,
                "charge_timing_cny": _sum(lines, "charges_cny") - known_sum(_cny(charges.get(key))),
                "unexplained_cny": Decimal(0), "difference_cny": operating - profit,
                "accounting_profit_cny": operating,
            }
        )  # fmt: skip
    return rows


def _cny(rows: Rows | None) -> Iterable[Decimal | None]:
    return [row["cny"] for row in rows or []]


def _sum(lines: Rows, name: str) -> Decimal:
    return known_sum(line[name] for line in lines)


def _left_out(lines: Rows) -> Decimal:
    """What lines without a known profit bring to the accounts."""
    unknown = [line for line in lines if line["profit_cny"] is None]
    costs = ("cogs_cny", "platform_fee_cny", "payment_fee_cny", "charges_cny")
    return _sum(unknown, "net_revenue_cny") - sum((_sum(unknown, name) for name in costs), Decimal(0))
