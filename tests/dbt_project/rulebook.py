"""The rules N to L once more, in plain Python and exact decimals: what the marts of random data are compared with.

Independent of the SQL on purpose: rows in, costed lines out, no cleverness. Speaks of rows as dictionaries whose names
are those of the staging contract.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
CENT, FOUR, ZERO = Decimal("0.01"), Decimal("0.0001"), Decimal("0.00")
CODES = {1: "pending", 2: "paid", 3: "cancelled", 4: "shipped", 41: "shipped", 5: "delivered", 51: "delivered"}
TEXTS = {
    "PENDING": "pending", "待支付": "pending", "平台处理中": "pending", "PAID": "paid", "PROCESSING": "paid",
    "已支付": "paid", "待发货": "paid", "CANCELLED": "cancelled", "CANCELED": "cancelled", "已取消": "cancelled",
    "SHIPPED": "shipped", "已发货": "shipped", "DELIVERED": "delivered", "已送达": "delivered", "已签收": "delivered",
    "COMPLETED": "completed", "已完成": "completed", "REFUNDED": "refunded", "已退款": "refunded",
}  # fmt: skip
SALES = {"paid", "shipped", "delivered", "completed", "refunded"}
ZONES = {"US": "America/Los_Angeles", "DE": "Europe/Berlin", "JP": "Asia/Tokyo", "GLOBAL": "UTC"}


def money(value: Decimal) -> Decimal:
    """Round half away from zero to cents."""
    return value.quantize(CENT, ROUND_HALF_UP)


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal | None:
    """Quotient to four decimals; unknown over nothing."""
    return (numerator / denominator).quantize(FOUR, ROUND_HALF_UP) if denominator else None


def n1(text: str | None) -> str | None:
    """N1: trimmed; placeholders are unknown."""
    trimmed = None if text is None else text.strip()
    return None if trimmed is None or trimmed.lower() in {"", "nan", "none", "null", "--", "n/a"} else trimmed


def n2(text: str | None) -> str | None:
    """N2: article codes."""
    code = (n1(text) or "").upper()
    return None if code in {"", "1", "1PC", "1PCS", "RANDOM", "RANDOM 1PC", "RANDOM 1PCS"} else code


def n3(text: str | None) -> str | None:
    """N3: currencies."""
    code = (n1(text) or "").upper() or None
    return "CNY" if code in {"RMB", "CNH"} else code


def newest(rows: Iterable[Row], key: Callable[[Row], object], age: Callable[[Row], Any]) -> list[Row]:
    """One row per key, the one of the greatest age."""
    best: dict[object, Row] = {}
    for row in rows:
        if key(row) not in best or age(row) > age(best[key(row)]):
            best[key(row)] = row
    return list(best.values())


@dataclass
class Book:
    """Staged rows of one company; `lines()` are what the fact must hold."""

    shops: list[Row]
    orders: list[Row]
    products: list[Row]
    costs: list[Row]
    rates: list[Row]
    fees: list[Row]
    refunds: list[Row]
    charges: list[Row]
    quarantined: dict[tuple[str, object], str] = field(default_factory=dict)

    def lines(self) -> list[Row]:
        """Costed lines by rule; fills `quarantined` as (entity, id) → reason."""
        lines = self._placed()
        for line in lines:
            self._match(line)
            self._price(line)
        self._refund(lines)
        for line in lines:
            self._cost(line)
            self._fees(line)
        self._allocate(lines)
        for line in lines:
            _profit(line)
        return lines

    def _reason_of_shop(self, shop_id: object) -> str | None:
        shop = next((s for s in self.shops if s["id"] == shop_id), None)
        if shop is None:
            return "orphan_shop"
        return None if (shop["environment"] or "production") == "production" else "sandbox_shop"

    def _placed(self) -> list[Row]:
        versions = newest(self.orders, lambda r: r["id"], lambda r: r["updated_at"])
        key = lambda r: (r["shop_id"], r["order_sn"], n2(r["product_sku"]) or "", n1(r["spu_id"]) or "")  # noqa: E731
        survivors = [dict(r) for r in newest(versions, key, lambda r: (r["updated_at"], r["id"]))]
        parents: dict[object, list[Row]] = defaultdict(list)
        for row in survivors:
            row["parent_key"] = n1(row["parent_order_sn"]) or row["order_sn"]
            parents[(row["shop_id"], row["parent_key"])].append(row)
        kept = []
        for row in survivors:
            family = parents[(row["shop_id"], row["parent_key"])]
            times = [r["order_time"] for r in family if r["order_time"]]
            times = times or [r["payment_time"] for r in family if r["payment_time"]]
            reason = self._reason_of_shop(row["shop_id"]) or (None if times else "no_order_time")
            if reason:
                self.quarantined[("orders", row["id"])] = reason
                continue
            kept.append(row)
            _set_time_and_status(row, min(times), self._shop(row))
        return kept

    def _shop(self, row: Row) -> Row:
        return next(s for s in self.shops if s["id"] == row["shop_id"])

    def _match(self, line: Row) -> None:
        own = sorted((p for p in self.products if p["shop_id"] == line["shop_id"]), key=lambda p: p["id"])
        code = n2(line["product_sku"])
        by_code = [p for p in own if code and n2(p["sku"]) == code]
        by_code.sort(
            key=lambda p: (p["spu_id"] != line["spu_id"] or line["spu_id"] is None, not p["is_active"], p["id"])
        )
        by_spu = [p for p in own if line["spu_id"] and p["spu_id"] == line["spu_id"]]
        ways = {
            "sku_id": [p for p in own if line["product_sku_id"] and p["product_id"] == line["product_sku_id"]],
            "sku_code": by_code,
            "fk": [p for p in own if p["id"] == line["product_id"]],
            "spu": by_spu if len(by_spu) == 1 else [],
        }
        line["match_method"], found = next(((way, hits) for way, hits in ways.items() if hits), ("unmatched", [{}]))
        line["product"] = found[0]
        line["matched_product_id"] = found[0].get("id")
        line["sku_code"] = n2(found[0].get("sku")) or code or "UNKNOWN"
        line["manager"] = n1(found[0].get("manager")) or n1(self._shop(line)["default_manager"]) or "UNASSIGNED"

    def fx(self, currency: str | None, day: date) -> Decimal | None:
        """F."""
        if currency == "CNY":
            return Decimal(1)
        valid = [
            r for r in self.rates
            if n3(r["base_currency"]) == currency and currency and n3(r["quote_currency"]) == "CNY"
            and r["effective_from"] <= day and (r["effective_to"] is None or day < r["effective_to"])
        ]  # fmt: skip
        return max(valid, key=lambda r: r["effective_from"])["rate"] if valid else None

    def _price(self, line: Row) -> None:
        currency, quantity = n3(line["currency"]), line["quantity"]
        supply = line["product"].get("current_price")
        if (line["total_price"] or 0) > 0:
            line["price_source"], amount = "order_total", line["total_price"]
        elif (line["unit_price"] or 0) > 0:
            line["price_source"], amount = "order_unit", None if quantity is None else line["unit_price"] * quantity
        elif (supply or 0) > 0:
            line["price_source"], currency = "product_supply", n3(line["product"]["currency"])
            amount = None if quantity is None else supply * quantity
        else:
            line["price_source"], currency, amount = "missing", None, None
        rate = self.fx(currency, line["order_date"])
        known = None if amount is None or rate is None else money(amount * rate)
        line["gmv_cny"] = known if line["is_sale"] else ZERO

    def _refund(self, lines: list[Row]) -> None:
        cases: dict[int, list[Row]] = defaultdict(list)
        versions = newest(self.refunds, lambda r: r["id"], lambda r: r["updated_at"])
        for case in newest(versions, lambda r: (r["shop_id"], r["refund_sn"]), lambda r: (r["updated_at"], r["id"])):
            if case["status"] != "completed":
                continue
            same = [x for x in lines if (x["shop_id"], x["order_sn"]) == (case["shop_id"], case["order_sn"])]
            sku = n2(case["product_sku"])
            hits = [x for x in same if n2(x["product_sku"]) == sku] if sku else (same if len(same) == 1 else [])
            hits.sort(key=lambda x: (not x["is_sale"], n1(x["spu_id"]) or ""))
            reason = self._reason_of_shop(case["shop_id"]) or (None if hits else "refund_unallocated")
            if reason:
                self.quarantined[("refunds", case["id"])] = reason
            else:
                cases[id(hits[0])].append(case)
        for line in lines:
            self._refund_line(line, cases[id(line)])

    def _refund_line(self, line: Row, cases: list[Row]) -> None:
        quantity = line["quantity"] or 0
        rates = [(c, self.fx(n3(c["currency"]), line["order_date"])) for c in cases]
        total = sum((money(c["refund_amount"] * rate) for c, rate in rates if rate is not None), ZERO)
        units = sum(c["refund_quantity"] for c in cases)
        restocked = sum(c["refund_quantity"] for c in cases if c["is_restocked"])
        line["refund_inferred"] = line["is_sale"] and line["status"] == "refunded" and not cases
        if line["refund_inferred"]:
            total, units = line["gmv_cny"] or ZERO, quantity
        if line["status"] == "refunded" and line["shipping_time"] is None:
            restocked = quantity
        sale = line["is_sale"]
        gmv = line["gmv_cny"]
        line["refund_cny"] = None if gmv is None else min(total, gmv) if sale else ZERO
        line["net_revenue_cny"] = None if gmv is None else gmv - line["refund_cny"]
        line["units_refunded"] = min(units, quantity) if sale else 0
        line["cogs_units"] = quantity - min(restocked, quantity) if sale else 0

    def _cost(self, line: Row) -> None:
        at, units = line["order_placed_at"], line["cogs_units"]
        rows = [
            c for c in newest(self.costs, lambda r: r["id"], lambda r: r["created_at"])
            if c["product_id"] == line["matched_product_id"] and c["cost_price"] is not None and c["cost_price"] >= 0
            and (c["effective_to"] is None or c["effective_to"] > c["effective_from"])
        ]  # fmt: skip
        order = lambda c: (c["effective_from"], c["created_at"], c["id"])  # noqa: E731
        valid = [c for c in rows if c["effective_from"] <= at and (c["effective_to"] is None or at < c["effective_to"])]
        earlier = [c for c in rows if c["effective_from"] <= at]
        first = [c for c in rows if c["effective_from"] == min((r["effective_from"] for r in rows), default=None)]
        chosen = max(valid or earlier or first, key=order, default=None)
        rate = self.fx(n3(chosen["currency"]), line["order_date"]) if chosen else None
        status = (
            "not_required" if units == 0
            else "no_product" if line["matched_product_id"] is None
            else "no_cost" if not rows
            else "gap" if not valid
            else "no_fx" if rate is None
            else "matched"
        )  # fmt: skip
        cost = money(chosen["cost_price"] * rate * units) if chosen and rate is not None else None
        line["cost_status"] = status
        line["cost_overlap"] = units > 0 and len(valid) > 1
        line["cogs_cny"] = ZERO if status == "not_required" else cost if status == "matched" else None
        line["est_cogs_cny"] = ZERO if status == "not_required" else cost if status in {"matched", "gap"} else None

    def _fees(self, line: Row) -> None:
        for kind, base in (("platform", line["net_revenue_cny"]), ("payment", line["gmv_cny"])):
            valid = [
                f for f in self.fees
                if f["fee_type"] == kind and f["shop_id"] in (None, line["shop_id"])
                and f["effective_from"] <= line["order_date"]
                and (f["effective_to"] is None or line["order_date"] < f["effective_to"])
            ]  # fmt: skip
            best = max(valid, key=lambda f: (f["shop_id"] is not None, f["effective_from"], f["id"]), default=None)
            fee = None if base is None else money(base * (best["rate"] if best else 0))
            line[f"{kind}_fee_cny"] = fee if line["is_sale"] else ZERO

    def _allocate(self, lines: list[Row]) -> None:
        parents: dict[object, list[Row]] = defaultdict(list)
        for line in lines:
            line["charges_cny"] = ZERO
            parents[(line["shop_id"], line["parent_key"])].append(line)
        totals: dict[object, Decimal] = defaultdict(lambda: ZERO)
        for charge in self.charges:
            parent = (charge["shop_id"], n1(charge["parent_order_sn"]))
            reason = self._reason_of_shop(charge["shop_id"]) or (None if parent in parents else "charge_unallocated")
            rate = self.fx(n3(charge["currency"]), charge["charge_date"])
            reason = reason or ("charge_unpriced" if rate is None else None)
            if reason:
                self.quarantined[("order_charges", charge["id"])] = reason
                continue
            sign = -1 if charge["charge_type"] in {"subsidy", "freight_income"} else 1
            totals[parent] += sign * money(charge["amount"] * (rate or 0))
        for parent, total in totals.items():
            _split(parents[parent], total)


def _set_time_and_status(row: Row, placed: datetime, shop: Mapping[str, Any]) -> None:
    zone = ZoneInfo(shop["timezone"] or ZONES[shop["region"]])
    row["order_placed_at"] = placed
    row["order_date"] = placed.astimezone(ZoneInfo("Asia/Shanghai")).date()
    row["order_date_local"] = placed.astimezone(zone).date()
    code, text = row["temu_status_code"] or None, TEXTS.get((n1(row["status"]) or "").upper())
    if text in {"refunded", "completed"} and code in {4, 41, 5, 51}:
        row["status"] = text
    else:
        row["status"] = (CODES.get(code) if code else text) or "unknown"
    row["is_sale"] = row["status"] in SALES and (row["quantity"] or 0) >= 1
    row["units"] = row["quantity"] if row["is_sale"] else 0


def _split(lines: list[Row], total: Decimal) -> None:
    weights = [line["gmv_cny"] or ZERO for line in lines]
    whole = sum(weights)
    for line, weight in zip(lines, weights, strict=True):
        line["charges_cny"] = money(total * weight / whole if whole else total / len(lines))
    order = [
        (-w, x["order_sn"], n2(x["product_sku"]) or "", n1(x["spu_id"]) or "")
        for x, w in zip(lines, weights, strict=True)
    ]
    lines[order.index(min(order))]["charges_cny"] += total - sum(x["charges_cny"] for x in lines)


def _profit(line: Row) -> None:
    for profit, cost in (("profit_cny", line["cogs_cny"]), ("profit_est_cny", line["est_cogs_cny"])):
        unknown = line["gmv_cny"] is None or cost is None
        fees = (line["platform_fee_cny"] or ZERO) + (line["payment_fee_cny"] or ZERO)
        line[profit] = None if unknown else line["net_revenue_cny"] - cost - fees - line["charges_cny"]
    net = line["net_revenue_cny"]
    line["profit_margin"] = None if line["profit_cny"] is None or not net else ratio(line["profit_cny"], net)
