"""What else was charged to a parent order, shared by its lines (A)."""

from __future__ import annotations

from decimal import Decimal

from tests.dbt_project.oracle.orders import quarantined
from tests.dbt_project.oracle.rates import Exchange
from tests.dbt_project.oracle.reading import (
    Row,
    Rows,
    cents,
    currency,
    grouped,
    known_sum,
    number,
    product,
    ratio,
    text,
)
from tests.dbt_project.oracle.shops import kept_out

_SIGN = dict.fromkeys(("first_mile", "last_mile", "label", "penalty", "other_fee"), 1)
_SIGN |= dict.fromkeys(("subsidy", "freight_income"), -1)


def counted_charges(staged: Rows, lines: Rows, shops: dict[int, Row], exchange: Exchange) -> tuple[Rows, Rows]:
    """A1: charges in CNY, costs positive, and the rows kept out."""
    days = {(line["shop_id"], line["parent_key"]): line["order_date"] for line in lines}
    counted: Rows = []
    out: Rows = []
    for row in staged:
        parent = row["shop_id"], text(row["parent_order_sn"])
        kind, amount = text(row["charge_type"]), _in_cny(row, exchange)
        reason = kept_out(row["shop_id"], shops) or _trouble(parent in days, kind, amount)
        if reason:
            named = {"id": row["id"], "shop_id": row["shop_id"], "order_sn": parent[1]}
            out.append(quarantined("order_charges", named, reason))
        else:
            told = {"parent": parent, "kind": kind, "day": row["charge_date"] or days[parent]}
            counted.append(told | {"cny": _SIGN[kind] * amount})
    return counted, out


def parent_totals(counted: Rows) -> dict[object, Decimal]:
    """A1: net charges per parent."""
    return {parent: known_sum(r["cny"] for r in group) for parent, group in grouped(counted, _of_parent).items()}


def _of_parent(charge: Row) -> object:
    return charge["parent"]


def all_charges(of_files: Rows, of_platform: Rows) -> Rows:
    """§3.6: what a file charges to a parent replaces what the platform tells of the same kind, never adds to it."""
    told = {_told(row) for row in of_files}
    return _once(of_files) + [row for row in _once(of_platform) if None in _told(row) or _told(row) not in told]


def _told(row: Row) -> tuple[object, ...]:
    return row["shop_id"], text(row["parent_order_sn"]), text(row["charge_type"])


def _once(staged: Rows) -> Rows:
    """Rows arrive at least once; the id makes them one."""
    return [group[0] for group in grouped(staged, lambda r: r["id"]).values()]


def _in_cny(row: Row, exchange: Exchange) -> Decimal | None:
    rate = exchange.rate(currency(row["currency"]), row["charge_date"])
    return cents(product(number(row["amount"]), rate))


def _trouble(has_parent: bool, kind: str | None, amount: Decimal | None) -> str | None:
    """Q4; a charge of unknown kind or worth can be counted no more than one without parent."""
    if not has_parent:
        return "charge_unallocated"
    if kind not in _SIGN:
        return "charge_type_unknown"
    return "charge_unpriced" if amount is None else None


def allocated(lines: Rows, totals: dict[object, Decimal]) -> Rows:
    """A2: every line with its share of its parent's total."""
    shared: Rows = []
    for parent, group in grouped(lines, lambda line: (line["shop_id"], line["parent_key"])).items():
        ordered = sorted(group, key=_position)
        shares = shares_of(totals.get(parent, Decimal(0)), [line["gmv_cny"] or Decimal(0) for line in ordered])
        shared += [{**line, "charges_cny": share} for line, share in zip(ordered, shares, strict=True)]
    return shared


def shares_of(total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """A2: rounded shares; the remainder goes to the first of the greatest weight."""
    used = weights if any(weights) else [Decimal(1)] * len(weights)
    shares = [ratio(product(total, weight), sum(used), 2) or Decimal("0.00") for weight in used]
    shares[used.index(max(used))] += total - known_sum(shares)
    return shares


def _position(line: Row) -> tuple[object, ...]:
    return line["order_sn"], line["product_sku"] or "", line["spu_id"] or ""
