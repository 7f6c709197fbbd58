"""What came back (R): refunds attached to lines, or kept out (Q4)."""

from __future__ import annotations

from decimal import Decimal

from tests.dbt_project.oracle.orders import quarantined
from tests.dbt_project.oracle.rates import Exchange
from tests.dbt_project.oracle.reading import (
    Row,
    Rows,
    audit_instant,
    business_instant,
    cents,
    currency,
    grouped,
    known_sum,
    lowest_if_unknown,
    newest,
    number,
    product,
    seller_code,
    text,
    whole,
)
from tests.dbt_project.oracle.shops import kept_out


def latest_cases(staged: Rows) -> Rows:
    """D1, D3: after-sales cases of every status."""
    cases = [_case(row) for row in staged]
    versions = newest(cases, lambda r: r["id"], lambda r: r["updated_at"])
    return newest(versions, lambda r: (r["shop_id"], r["refund_sn"]), lambda r: (r["updated_at"], r["id"]))


def completed_refunds(staged: Rows) -> Rows:
    """R1: only completed cases count."""
    return [case for case in latest_cases(staged) if case["status"] == "completed"]


def _case(row: Row) -> Row:
    return {
        "id": row["id"],
        "shop_id": row["shop_id"],
        "refund_sn": text(row["refund_sn"]),
        "order_sn": text(row["order_sn"]),
        "product_sku": seller_code(row["product_sku"]),
        "quantity": whole(row["refund_quantity"]),
        "amount": number(row["refund_amount"]),
        "currency": currency(row["currency"]),
        "is_restocked": row["is_restocked"] is True,
        "status": text(row["status"]),
        "refund_time": business_instant(row.get("refund_time")),
        "updated_at": lowest_if_unknown(audit_instant(row["updated_at"])),
    }


def attached(refunds: Rows, lines: Rows, shops: dict[int, Row]) -> tuple[dict[object, Rows], Rows]:
    """R1, Q: refunds by id of their line, and those kept out."""
    children = grouped(lines, lambda line: (line["shop_id"], line["order_sn"]))
    found: dict[object, Rows] = {}
    out: Rows = []
    for refund in refunds:
        line = _line_of(refund, children.get((refund["shop_id"], refund["order_sn"]), []))
        if line:
            found.setdefault(line["id"], []).append(refund)
        else:
            reason = kept_out(refund["shop_id"], shops) or "refund_unallocated"
            out.append(quarantined("refunds", refund, reason))
    return found, out


def _line_of(refund: Row, lines: Rows) -> Row | None:
    """R1. Two styles of one order may share a code: then the sale, then the first style, so that nothing is lost."""
    if refund["product_sku"] is None:
        return lines[0] if len(lines) == 1 else None
    named = [line for line in lines if line["product_sku"] == refund["product_sku"]]
    return min(named, key=lambda line: (not line["is_sale"], line["spu_id"] or ""), default=None)


def refunded(line: Row, refunds: Rows, exchange: Exchange) -> Row:
    """R2–R5 of a priced line."""
    amount: Decimal | None = Decimal(0)
    units, restocked, inferred = 0, 0, False
    if line["is_sale"]:
        quantity: int = line["quantity"]
        gone = line["status"] == "refunded"
        inferred = gone and not refunds
        units = quantity if inferred else min(_units(refunds), quantity)
        restocked = min(_units([r for r in refunds if r["is_restocked"]]), quantity)
        restocked = quantity if gone and line["shipping_time"] is None else restocked
        amount = line["gmv_cny"] if inferred else _amount(line, refunds, exchange)
    gmv: Decimal | None = line["gmv_cny"]
    return {
        **line,
        "refund_cny": amount,
        "units_refunded": units,
        "restocked_units": restocked,
        "refund_inferred": inferred,
        "net_revenue_cny": None if gmv is None or amount is None else gmv - amount,
    }


def _units(refunds: Rows) -> int:
    return sum(r["quantity"] or 0 for r in refunds)


def _amount(line: Row, refunds: Rows, exchange: Exchange) -> Decimal | None:
    """R2: at the rate of the order day, never more than the line; R5: unknown when the line is."""
    if line["gmv_cny"] is None:
        return None
    day = line["order_date"]
    each = [cents(product(r["amount"], exchange.rate(r["currency"], day))) for r in refunds]
    return min(known_sum(each), line["gmv_cny"])
