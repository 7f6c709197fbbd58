"""fct_order_lines_costed and dq_quarantined_rows: chapter 5 from staged rows to profit (P, F, E, L)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tests.dbt_project.oracle.catalogue import Catalogue, matched, products
from tests.dbt_project.oracle.charges import all_charges, allocated, counted_charges, parent_totals
from tests.dbt_project.oracle.costs import costed, valid_costs
from tests.dbt_project.oracle.orders import order_lines
from tests.dbt_project.oracle.rates import Exchange, Fees
from tests.dbt_project.oracle.reading import Row, Rows, cents, product, ratio
from tests.dbt_project.oracle.refunds import attached, completed_refunds, refunded
from tests.dbt_project.oracle.shops import shops

Staging = dict[str, Rows]


@dataclass(frozen=True)
class Ledger:
    """What chapter 5 makes of staged rows: lines with all their figures, and the refunds and charges behind them."""

    lines: Rows
    out: Rows
    refunds: dict[object, Rows]
    charges: Rows
    shops: dict[int, Row]
    exchange: Exchange


def ledger(staging: Staging) -> Ledger:
    """Every line that counts, every refund and charge that counts for one, and every row kept out."""
    known = shops(staging["stg_temu__shops"])
    exchange, fees = Exchange(staging["stg_files__fx_rates"]), Fees(staging["stg_files__fee_rates"])
    catalogue = Catalogue(products(staging["stg_temu__products"]))
    costs = valid_costs(staging["stg_files__product_costs"])

    lines, out = order_lines(staging["stg_temu__orders"], known)
    refunds, lost_refunds = attached(completed_refunds(staging["stg_temu__refunds"]), lines, known)
    told = all_charges(staging["stg_files__order_charges"], staging["stg_temu__order_charges"])
    charges, lost_charges = counted_charges(told, lines, known, exchange)

    lines = [priced(matched(line, catalogue), exchange) for line in lines]
    lines = [refunded(line, refunds.get(line["id"], []), exchange) for line in lines]
    lines = [with_fees(costed(line, costs, exchange), fees) for line in lines]
    lines = [with_profit(line) for line in allocated(lines, parent_totals(charges))]
    return Ledger(lines, out + lost_refunds + lost_charges, refunds, charges, known, exchange)


def costed_lines(staging: Staging) -> tuple[Rows, Rows]:
    """Every line that counts with all its figures, and every row kept out."""
    found = ledger(staging)
    return found.lines, found.out


def priced(line: Row, exchange: Exchange) -> Row:
    """P and F of a matched line."""
    source, amount, money = _price(line)
    rate = exchange.rate(money, line["order_date"])
    gmv = cents(product(amount, rate)) if line["is_sale"] else Decimal("0.00")
    figures = {"price_source": source, "line_amount": amount, "line_currency": money, "fx_rate": rate, "gmv_cny": gmv}
    return {**line, **figures}


def _price(line: Row) -> tuple[str, Decimal | None, str | None]:
    """P: source, amount and currency of it."""
    listed = line["product"] or {"current_price": None}
    quantity: int | None = line["quantity"]
    if _positive(line["total_price"]):
        return "order_total", line["total_price"], line["currency"]
    if _positive(line["unit_price"]):
        return "order_unit", product(line["unit_price"], quantity), line["currency"]
    if _positive(listed["current_price"]):
        return "product_supply", product(listed["current_price"], quantity), listed["currency"]
    return "missing", None, None


def _positive(price: object) -> bool:
    return price is not None and price > 0


def with_fees(line: Row, fees: Fees) -> Row:
    """E."""
    day, shop = line["order_date"], line["shop_id"]
    bases = {"platform": line["net_revenue_cny"], "payment": line["gmv_cny"]}
    amounts = {f"{kind}_fee_cny": cents(product(base, fees.rate(kind, shop, day))) for kind, base in bases.items()}
    return {**line, **amounts}


def with_profit(line: Row) -> Row:
    """L."""
    net, cogs = line["net_revenue_cny"], line["cogs_cny"]
    profit = _profit(line, "cogs_cny")
    return {
        **line,
        "gross_profit_cny": None if net is None or cogs is None else net - cogs,
        "profit_cny": profit,
        "profit_est_cny": _profit(line, "est_cogs_cny"),
        "profit_margin": ratio(profit, net),
    }


def _profit(line: Row, cost: str) -> Decimal | None:
    parts = [line[name] for name in ("net_revenue_cny", cost, "platform_fee_cny", "payment_fee_cny", "charges_cny")]
    if None in parts:
        return None
    return parts[0] - sum(parts[1:], Decimal(0))
