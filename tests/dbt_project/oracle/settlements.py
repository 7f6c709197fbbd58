"""What the platform settled (§6.5): rows in CNY, by parent order, and the profit statement made of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from tests.dbt_project.oracle.lines import Ledger
from tests.dbt_project.oracle.orders import quarantined
from tests.dbt_project.oracle.periods import month, shop_columns
from tests.dbt_project.oracle.reading import (
    REPORTING_ZONE,
    Row,
    Rows,
    business_instant,
    cents,
    currency,
    day_in,
    grouped,
    known_sum,
    lowest_if_unknown,
    newest,
    number,
    product,
    ratio,
    text,
)
from tests.dbt_project.oracle.shops import kept_out

KINDS = ("sales_receipt", "sales_reversal", "freight_receipt", "freight_reversal", "subsidy", "other")
_COSTS = ("product_cost", "first_mile", "last_mile", "penalty", "label", "other_fee")


def settled_rows(staged: Rows, books: Ledger) -> tuple[Rows, Rows]:
    """Settlement rows that count, and those kept out."""
    counted: Rows = []
    out: Rows = []
    for row in _once(staged):
        named = text(row["parent_order_sn"]) or text(row["order_sn"])
        kind = text(row["line_type"])
        reason = kept_out(row["shop_id"], books.shops) or (None if kind in KINDS else "line_type_unknown")
        if reason:
            known = {"id": row["line_no"], "shop_id": row["shop_id"], "order_sn": named}
            out.append(quarantined("settlement_lines", known, reason))
        else:
            counted.append({"parent": (row["shop_id"], named or ""), "kind": kind, **_worth(row, books)})
    return counted, out


def _once(staged: Rows) -> Rows:
    """Rows arrive at least once; statement and line number make them one, without them nothing does."""
    keys = [(r["shop_id"], text(r["settlement_sn"]), r["line_no"]) for r in staged]
    rows = [{**r, "key": k if None not in k[1:] else n} for n, (r, k) in enumerate(zip(staged, keys, strict=True))]
    return newest(rows, lambda r: r["key"], _recency)


def _recency(row: Row) -> tuple[datetime, Decimal]:
    return lowest_if_unknown(business_instant(row["settled_at"])), number(row["amount"]) or Decimal("-Infinity")


def _worth(row: Row, books: Ledger) -> Row:
    """FX of the settlement day."""
    at = business_instant(row["settled_at"])
    day = day_in(REPORTING_ZONE, at) if at else None
    return {
        "day": day,
        "cny": cents(product(number(row["amount"]), books.exchange.rate(currency(row["currency"]), day))),
    }


def known_total(rows: Rows) -> Decimal | None:
    """Sum of what is known; unknown when there are rows and none is."""
    known = [row["cny"] for row in rows if row["cny"] is not None]
    return None if rows and not known else known_sum(known)


def last_day(rows: Rows) -> date | None:
    """Day of the last settlement row."""
    return max((row["day"] for row in rows if row["day"]), default=None)


def charges_by_kind(books: Ledger) -> dict[object, dict[str, Decimal]]:
    """Charges per parent and kind, all positive."""
    found: dict[object, dict[str, Decimal]] = {}
    for charge in books.charges:
        kinds = found.setdefault(charge["parent"], {})
        kinds[charge["kind"]] = kinds.get(charge["kind"], Decimal(0)) + charge["cny"]
    return {
        parent: {kind: -cny if kind in ("subsidy", "freight_income") else cny for kind, cny in kinds.items()}
        for parent, kinds in found.items()
    }


def profit_statement(books: Ledger, settled: Rows, expected: dict[object, Decimal | None]) -> Rows:
    """mart_profit_statement."""
    parents = grouped(books.lines, lambda line: (line["shop_id"], line["parent_key"]))
    charges = charges_by_kind(books)
    return [
        _statement(parent, rows, parents.get(parent, []), charges.get(parent, {}), expected.get(parent), books)
        for parent, rows in grouped(settled, lambda r: r["parent"]).items()
    ]


def _statement(
    parent: object, rows: Rows, lines: Rows, charged: dict[str, Decimal], expected: Decimal | None, books: Ledger
) -> Row:
    shop_id, key = parent  # type: ignore[misc]
    revenue, uncosted = known_total(rows), sum(line["cogs_cny"] is None for line in lines)
    costs = {kind: charged.get(kind, Decimal(0)) for kind in _COSTS}
    costed = [line["cogs_cny"] for line in lines if line["cogs_cny"] is not None]
    costs["product_cost"] = known_sum(costed)
    total = sum(costs.values()) if lines and not uncosted else None
    profit = None if revenue is None or total is None else revenue - total
    day = last_day(rows)
    return {
        "shop_id": shop_id, "parent_key": key, **shop_columns(books.shops[shop_id]), **_described(lines),
        "first_settled_date": min((r["day"] for r in rows if r["day"]), default=None), "settled_date": day,
        "month_start": day and month(day), "settlement_lines": len(rows),
        "unknown_lines": sum(r["cny"] is None for r in rows),
        **{f"{kind}_cny": known_total([r for r in rows if r["kind"] == kind]) for kind in KINDS},
        "revenue_cny": revenue, **{f"{kind}_cny": cost for kind, cost in costs.items()},
        "product_cost_cny": costs["product_cost"] if costed else None, "total_cost_cny": total, "profit_cny": profit,
        "profit_rate": ratio(profit, revenue) if revenue is not None and revenue > 0 else None,
        "expected_amount_cny": expected,
        "variance_cny": None if None in (revenue, expected) else revenue - expected,
        "is_matched": bool(lines), "is_fully_costed": bool(lines) and not uncosted,
        "is_reversed": None if revenue is None else revenue <= 0, "is_loss": profit is not None and profit < 0,
        "loss_cause": _cause(costs, total) if profit is not None and profit < 0 else None, "uncosted_lines": uncosted,
        "has_first_mile_bill": "first_mile" in charged, "has_last_mile_bill": "last_mile" in charged,
    }  # fmt: skip


def _described(lines: Rows) -> Row:
    """Who, when and what of a parent."""
    managers = {line["manager"] for line in lines}
    return {
        "manager": managers.pop() if len(managers) == 1 else None,
        "order_date": lines[0]["order_date"] if lines else None,
        "packages": _listed(line["package_sn"] for line in lines),
        "sku_codes": _listed(line["sku_code"] for line in lines),
    }


def _listed(values: Iterable[str | None]) -> str | None:
    return ", ".join(sorted({value for value in values if value is not None})) or None


def _cause(costs: dict[str, Decimal], total: Decimal | int | None) -> str:
    """The largest cost line; money taken back where nothing was spent."""
    return max(_COSTS, key=lambda kind: costs[kind]) if total is not None and total > 0 else "reversal"
