"""A seeded world of nasty staging rows: every rule of chapter 5 meets its edge somewhere in it.

Only rows: what must come out of them is the oracle's business. `scenario_references.py` holds the rows that orders
refer to.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from tests.dbt_project import scenario_references as references
from tests.dbt_project.scenario_operations import add_operations
from tests.dbt_project.scenario_references import CODES, ORPHAN, SHOPS, STYLES, Rows, currency, in_beijing, pick

AS_OF = date(2025, 4, 6)
# Columns that arrive otherwise than the staging contract says: numbers as text (N1), naive instants (T4).
TYPES = {
    "stg_temu__orders": {
        "quantity": "text", "unit_price": "text", "total_price": "text", "payment_time": "timestamp",
        "updated_at": "timestamp",
    },
    "stg_temu__products": {"current_price": "text"},
    "stg_temu__refunds": {"refund_amount": "text"},
    "stg_files__product_costs": {
        "cost_price": "text", "effective_from": "timestamp", "effective_to": "timestamp", "created_at": "timestamp",
    },
}  # fmt: skip
_STATUSES = [
    "PAID", "shipped", "Delivered", "COMPLETED", "refunded", "CANCELLED", "canceled", "pending", "待支付",
    "平台处理中", "PROCESSING", "已支付", "待发货", " 已取消 ", "已发货", "已送达", "已签收", "已完成", "已退款",
    "lost", "unknown", None, "", "nan",
]  # fmt: skip
_STATUS_CODES = [None, None, None, 0, 1, 2, 2, 3, 4, 4, 41, 5, 5, 51, 99]
_QUANTITIES = ["1"] * 6 + ["2", "3", " 2 ", "0", None, "-1", "nan", "7"]
_STATES = [" CA ", "California", "new york", "US-TX", "Bayern", "n/a", None, "Atlantis"]
_PRICES = [
    None, "", "nan", "--", "0", "-4", "0.005", "1.005", "2.675", "10.00", "33.33", "0.01", " 19.99 ", "100",
    "1000000000000", "4.1234",
]  # fmt: skip
# Midnights of Beijing and of shops, months, ISO years, daylight saving, days on which a rate changes; UTC.
_BORDERS = [
    "2024-02-28T16:00", "2024-11-30T16:00", "2024-12-29T16:00", "2024-12-30T03:00", "2024-12-31T16:00",
    "2025-01-01T00:00", "2025-01-01T08:00", "2025-01-31T16:00", "2025-02-09T16:00", "2025-02-19T16:00",
    "2025-02-28T16:00", "2025-03-07T16:00", "2025-03-09T07:30", "2025-03-09T10:00", "2025-03-29T16:00",
    "2025-03-30T01:00", "2025-04-05T16:00", "2025-04-06T16:00", "2025-04-09T16:00", "2025-04-14T16:00",
]  # fmt: skip
# Days on which a rate changes, their Beijing midnight, a day without any rate, one after as_of.
_REFUND_TIMES = [
    datetime.fromisoformat(f"{moment}Z")
    for moment in ("2025-02-09T15:59", "2025-02-09T16:00", "2025-03-29T16:00", "2025-04-10T01:00", "2019-05-05T00:00",
                   "2025-04-01T00:00", "2025-03-31T15:59:59", "2025-03-31T16:00")
]  # fmt: skip
_CHARGES = ["first_mile", "last_mile", "label", "penalty", "other_fee", "subsidy", "freight_income", " penalty "]
_CHARGE_AMOUNTS = ["0.01", "0.02", "5.00", "10.00", "0.005", "123.45", "7.77", None]


def nasty_world(seed: int, parents: int) -> dict[str, Rows]:
    """Staging rows by relation; the same seed gives the same rows."""
    random = Random(seed)  # noqa: S311 - a reproducible world, not a secret
    instants = _instants(random)
    products = references.products(random, per_shop=16)
    orders = _orders(random, products, instants, parents)
    world = {
        "stg_temu__shops": references.shops(random),
        "stg_temu__products": products,
        "stg_temu__orders": orders,
        "stg_temu__refunds": _refunds(random, orders),
        "stg_temu__order_charges": _charges(random, orders, count=parents // 8),
        "stg_files__order_charges": _charges(random, orders, count=parents // 2),
        "stg_files__settlement_lines": _settlements(random, orders, count=parents // 2),
        "stg_files__product_costs": references.costs(random, products, instants),
        "stg_files__fx_rates": references.fx_rates(random),
        "stg_files__fee_rates": references.fee_rates(random),
        "stg_files__sales_targets": references.sales_targets(random, _months()),
        "stg_temu__inventory_snapshots": references.inventory_snapshots(random, products, AS_OF, first_back=0),
        "stg_files__inventory_snapshots": references.inventory_snapshots(random, products, AS_OF, first_back=1),
    }
    add_operations(world, seed, AS_OF)
    return world


def _months() -> list[date]:
    return [date(2024 + n // 12, n % 12 + 1, 1) for n in range(20)]


def _instants(random: Random) -> list[datetime]:
    """When things happen: borders of days, months, ISO years and daylight saving, and a second around each."""
    around = [datetime.fromisoformat(b + "Z") + timedelta(seconds=s) for b in _BORDERS for s in (-1, 0, 1)]
    first = datetime(2024, 12, 10, tzinfo=UTC)
    return sorted({*around, *(first + timedelta(seconds=random.randint(0, 130 * 86_400)) for _ in range(400))})


def _orders(random: Random, products: Rows, instants: list[datetime], parents: int) -> Rows:
    by_shop: dict[int, Rows] = {}
    for product in products:
        by_shop.setdefault(product["shop_id"], []).append(product)
    rows: Rows = []
    for number in range(parents):
        shop_id = random.choice([*(shop[0] for shop in SHOPS), *range(1, 9), ORPHAN])
        rows += _parent(random, shop_id, number, by_shop[shop_id], products, random.choice(instants), len(rows) + 1)
    rows += _versions(random, rows)
    random.shuffle(rows)
    return rows


def _parent(
    random: Random, shop_id: int, number: int, own: Rows, products: Rows, placed: datetime, first_id: int
) -> Rows:
    """One to four lines; some parents have no number, no time, or the number of a parent in another shop."""
    parent = pick(random, [None, " ", "nan"], else_=f"PO-{number // 3:05d}", share=0.15)
    timeless, rows = random.random() < 0.04, []
    for n in range(random.choice([1, 1, 1, 2, 3, 4])):
        child = f"O-{number:05d}-{n if random.random() < 0.85 else 0}"
        line = _line(random, first_id + n, random.choice(own), random.choice(products))
        line |= {"shop_id": shop_id, "order_sn": child, "parent_order_sn": parent} | _times(random, placed)
        rows.append(line | ({"order_time": None, "payment_time": None} if timeless else {}))
    return rows


def _line(random: Random, line_id: int, own: dict[str, Any], foreign: dict[str, Any]) -> dict[str, Any]:
    code, nothing = own["sku"] or references.no_code(random), references.no_code(random)
    return {
        "id": line_id, "temu_order_id": f"T{line_id}",
        "product_sku_id": random.choice([own["product_id"], None, None, foreign["product_id"], "000", "nan"]),
        "product_sku": random.choice([code, code, nothing, references.written(random, random.choice(CODES)), "ZZ-99"]),
        "product_id": random.choice([own["id"], foreign["id"], None, None, 888_888]),
        "spu_id": random.choice([own["spu_id"], own["spu_id"], random.choice(STYLES), None, "none", "SP99"]),
        "product_name": "as ordered", "quantity": random.choice(_QUANTITIES),
        "total_price": pick(random, _PRICES, else_=f"{random.randint(1, 30_000) / 100:.2f}", share=0.6),
        "unit_price": random.choice(_PRICES),
        "currency": pick(random, ["USD", "EUR", "GBP", "JPY", "MXN", "cad"], else_=currency(random), share=0.4),
        "status": random.choice(_STATUSES), "temu_status_code": random.choice(_STATUS_CODES),
        "shipping_country": random.choice(["US", "DE", None]), "shipping_state": pick(random, _STATES),
        "fulfillment_type": random.choice(["seller", "warehouse", None, "--"]),
    }  # fmt: skip


def _times(random: Random, placed: datetime) -> dict[str, Any]:
    paid = placed + timedelta(minutes=random.randint(-5, 600))
    return {
        "order_time": pick(random, [placed, placed, placed + timedelta(seconds=random.randint(0, 90_000))], share=0.8),
        "payment_time": pick(random, [in_beijing(paid)], share=0.8),
        "shipping_time": pick(random, [placed + timedelta(days=2)], share=0.7),
        "delivery_time": pick(random, [placed + timedelta(days=d, hours=7) for d in (1, 5, 9, 14, 40)], share=0.6),
        "package_sn": pick(random, ["PK-1 ", "PK-2", "n/a", None]),
        "updated_at": datetime(2025, 4, 10) + timedelta(seconds=random.randint(0, 10**6)),  # noqa: DTZ001 - T4
    }


def _versions(random: Random, rows: Rows) -> Rows:
    """More versions of some ids (D1) and other ids of some natural keys (D2), newer and older, in any order."""
    more: Rows = []
    for row in random.sample(rows, len(rows) // 6):
        changed = {"status": random.choice(_STATUSES), "total_price": random.choice(_PRICES)}
        moved = {"order_sn": f"O-9{row['id']:04d}-0"} if random.random() < 0.1 else {}
        shift = timedelta(seconds=random.choice([-3_000_000, 3_000_000]) + row["id"])
        more.append(row | changed | moved | {"updated_at": row["updated_at"] + shift})
    for number, row in enumerate(random.sample(rows, len(rows) // 8)):
        spelling = f" {row['product_sku'] or ''} " if row["product_sku"] else random.choice([None, "", "1PC"])
        when = random.choice([row["updated_at"], None, row["updated_at"] + timedelta(seconds=number + 1)])
        more.append(row | {"id": 900_000 + number, "product_sku": spelling, "quantity": "5", "updated_at": when})
    return more


def _refunds(random: Random, orders: Rows) -> Rows:
    rows: Rows = []
    for number, line in enumerate(random.choices(orders, k=len(orders) // 2), start=1):
        row = _refund(random, number, line)
        rows.append(row)
        if random.random() < 0.15:
            changed = {"status": random.choice(["completed", "rejected"]), "refund_amount": "1.11"}
            again = {
                "id": random.choice([number, 70_000 + number]),
                "updated_at": row["updated_at"] + timedelta(hours=1),
            }
            rows.append(row | changed | again)
    random.shuffle(rows)
    return rows


def _refund(random: Random, number: int, line: dict[str, Any]) -> dict[str, Any]:
    price = line["total_price"]
    whole = price if price and price.strip()[:1].isdigit() else "2"
    return {
        "id": number, "refund_sn": f"R{number:06d}",
        "shop_id": pick(random, [1, ORPHAN], else_=line["shop_id"], share=0.03),
        "order_sn": pick(random, ["O-none", f" {line['order_sn']} "], else_=line["order_sn"], share=0.1),
        "product_sku": random.choice([None, "1pc", line["product_sku"], line["product_sku"], "AB-01"]),
        "refund_quantity": random.choice([None, 0, 1, 1, 2, 50]),
        "refund_amount": random.choice(["1.00", "0.005", "3.335", whole, "5000"]),
        "currency": random.choice(["USD", "RMB", line["currency"] or "CNY"]),
        "is_restocked": random.choice([True, False, None]),
        "status": random.choice(["completed", "completed", " completed ", "requested", "approved", "rejected"]),
        "refund_time": pick(random, _REFUND_TIMES, share=0.9),
        "updated_at": datetime(2025, 4, 1, tzinfo=UTC) + timedelta(seconds=number),
    }  # fmt: skip


def _charges(random: Random, orders: Rows, count: int) -> Rows:
    rows: Rows = []
    for number, line in enumerate(random.choices(orders, k=count), start=1):
        own = line["parent_order_sn"] or line["order_sn"]
        rows.append(
            {
                "id": number, "shop_id": pick(random, [2, ORPHAN], else_=line["shop_id"], share=0.03),
                "parent_order_sn": pick(random, ["PO-none", None, "nan"], else_=f"{own} ", share=0.05),
                "charge_type": pick(random, ["bribe", None, "N/A"], else_=random.choice(_CHARGES), share=0.04),
                "amount": random.choice(_CHARGE_AMOUNTS), "currency": currency(random),
                "charge_date": pick(random, [date(2025, 4, 12), None], else_=date(2025, 3, 3), share=0.2),
            }
        )  # fmt: skip
    rows += rows[::17]
    return rows


_SETTLED = [
    "sales_receipt",
    "sales_receipt",
    "sales_reversal",
    "freight_receipt",
    "freight_reversal",
    "subsidy",
    "other",
]
_SETTLED_TIMES = [
    None, *(datetime.fromisoformat(f"{moment}Z") for moment in (
        "2025-02-09T15:59:59", "2025-02-09T16:00", "2025-03-30T00:00", "2025-04-06T15:59:59", "2025-04-06T16:00",
        "2025-04-20T00:00", "2019-05-05T00:00",
    )),
]  # fmt: skip


def _settlements(random: Random, orders: Rows, count: int) -> Rows:
    """Several rows of a parent, of orders that are not there, of no order; repeated rows, memos, unknown amounts."""
    rows: Rows = []
    for number, line in enumerate(random.choices(orders, k=count), start=1):
        own, amount = (
            line["parent_order_sn"],
            random.choice(["0.01", "10.00", "-3.335", "123.45", "0.005", "900", None]),
        )
        rows.append(
            {
                "shop_id": pick(random, [2, ORPHAN], else_=line["shop_id"], share=0.03),
                "settlement_sn": f"ST-{number // 50}", "line_no": number,
                "parent_order_sn": pick(random, ["PO-none", None, "nan", "PO-0000"], else_=f"{own or ''} ", share=0.05),
                "order_sn": pick(random, [None, "--"], else_=line["order_sn"], share=0.3), "product_sku_id": None,
                "line_type": pick(random, ["sales_receipt_gross", None], else_=random.choice(_SETTLED), share=0.05),
                "amount": amount, "currency": currency(random),
                "settled_at": pick(random, _SETTLED_TIMES, else_=datetime(2025, 4, 2, tzinfo=UTC), share=0.5),
            }
        )  # fmt: skip
    newer = {"amount": "7.77", "settled_at": datetime(2025, 5, 1, tzinfo=UTC)}
    rows += rows[::17] + [row | newer for row in rows[::23]]
    random.shuffle(rows)
    return rows
