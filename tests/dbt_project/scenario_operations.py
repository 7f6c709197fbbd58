"""Nasty rows for the operations marts: stock that runs out, parcels and scans, promotions that overlap.

Values only, no expectations. Added to a world that has shops, products and orders already; drawn from a generator of
its own, so that the rest of the world stays as it was.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from tests.dbt_project.scenario_references import Rows, pick

_STOCKS = [None, 0, -3, 1, 9, 14, 20, 21, 25, 60, 120, 400, 900, 0, 7, 45]
_CARRIERS = ["UPS", " USPS ", "n/a", None, "YunExpress"]
_EVENTS = [("picked_up", "Picked up"), ("x7", "已签收"), ("delivered", "Delivered"), ("hold", "Held"), ("t", None)]
_KINDS = ["discount", "Flash_Sale", "coupon", "bundle", "lottery", None]


def add_operations(world: dict[str, Rows], seed: int, as_of: date) -> None:
    """Extend the world in place."""
    random = Random(seed)  # noqa: S311 - a reproducible world, not a secret
    now = datetime.combine(as_of + timedelta(days=1), datetime.min.time(), UTC) - timedelta(hours=8)
    _add_stocked_articles(random, world, now)
    _add_deadlines(random, world["stg_temu__orders"])
    parcels = _parcels(random, world["stg_temu__orders"])
    world["stg_temu__shipments"] = parcels
    world["stg_temu__tracking_events"] = _events(random, parcels, now)
    world["stg_temu__activities"] = _activities(random, now)
    world["stg_temu__activity_items"] = _items(random, world)


def _add_stocked_articles(random: Random, world: dict[str, Rows], now: datetime) -> None:
    """Articles of shop 1 that sell at all speeds, or no longer, or never."""
    for n, stock in enumerate(_STOCKS):
        listing = {
            "id": 700_001 + n, "shop_id": 1, "product_id": f"ST{n:02d}", "product_name": f"stocked {n}",
            "sku": f"st-{n:02d}", "stock_quantity": stock, "is_active": n % 5 != 4, "manager": "kim",
            "spu_id": None, "current_price": None, "currency": "CNY",
            "listed_at": pick(random, [now - timedelta(days=d) for d in (3, 59, 60, 61, 300)], share=0.8),
            "updated_at": now,
        }  # fmt: skip
        world["stg_temu__products"].append(listing)
        cost = {"product_id": listing["id"], "cost_price": "2.505", "currency": "CNY"}
        times = {"effective_from": datetime(2024, 1, 1), "created_at": datetime(2024, 1, 1)}  # noqa: DTZ001 - T4
        world["stg_files__product_costs"].append({"id": 700_001 + n, "effective_to": None} | cost | times)
        for back in random.choice([[], [0], [29, 30], [59], [60], [1, 2, 3, 5, 8, 13, 21], [100, 10]]):
            world["stg_temu__orders"].append(_sale(random, len(world["stg_temu__orders"]), n, now, back))


def _sale(random: Random, number: int, article: int, now: datetime, back: int) -> dict[str, Any]:
    placed = now - timedelta(days=back, hours=random.randint(1, 20))
    return {
        "id": 800_000 + number, "shop_id": 1, "order_sn": f"ST-O-{number}", "parent_order_sn": f"ST-P-{number}",
        "product_sku_id": f"ST{article:02d}", "product_sku": f"ST-{article:02d}", "quantity": str(random.randint(1, 9)),
        "total_price": f"{random.randint(100, 9_000) / 100:.2f}", "currency": "CNY", "status": "PAID",
        "order_time": placed, "shipping_time": None, "updated_at": datetime(2025, 4, 10),  # noqa: DTZ001 - T4
    }  # fmt: skip


def _add_deadlines(random: Random, orders: Rows) -> None:
    for row in orders:
        placed = row["order_time"] or datetime(2025, 3, 1, tzinfo=UTC)
        for name, days in (("expect_ship_latest_time", (1, 2, 3, 40)), ("latest_delivery_time", (2, 8, 12, 60))):
            row[name] = pick(random, [placed + timedelta(days=day) for day in days], share=0.8)
        row["delivery_time"] = pick(random, [placed + timedelta(days=d) for d in (1, 2, 8, 9)], share=0.5)
        row["package_sn"] = pick(random, [f"PK{random.randint(1, 900):04d}", f" PK{row['id'] % 900:04d} "], share=0.3)


def _parcels(random: Random, orders: Rows) -> Rows:
    """One row per (shop, package): of parents with and without lines that name it, of nobody, of strangers."""
    found: dict[tuple[object, str], dict[str, Any]] = {}
    for row in random.choices(orders, k=len(orders) // 3):
        package = (row["package_sn"] or f"QK{random.randint(1, 9_999):05d}").strip()
        placed = row["order_time"] or datetime(2025, 3, 1, tzinfo=UTC)
        found[row["shop_id"], package] = {
            "shop_id": row["shop_id"], "package_sn": package,
            "parent_order_sn": random.choice([row["parent_order_sn"] or row["order_sn"], None, "PO-none"]),
            "carrier": random.choice(_CARRIERS),
            "tracking_number": pick(random, [f"T{random.randint(1, 400)}", " "], share=0.8),
            "shipped_at": pick(random, [placed + timedelta(days=d) for d in (-1, 1, 2, 5)], share=0.6),
            "delivered_at": pick(random, [placed + timedelta(days=d) for d in (1, 3, 9)], share=0.3),
            "status": random.choice(["delivered", "in_transit", "label_created", None]),
        }  # fmt: skip
    return list(found.values())


def _events(random: Random, parcels: Rows, now: datetime) -> Rows:
    numbers = sorted({row["tracking_number"] for row in parcels if (row["tracking_number"] or "").strip()})
    rows: Rows = []
    for number in [*numbers, None]:
        for n in range(random.randint(0, 3)):
            code, status = random.choice(_EVENTS)
            at = now + timedelta(seconds=random.choice([-40, -20, -5, -3, 0, 2]) * 86_400 + random.randint(-2, 2) + n)
            rows.append(
                {"tracking_number": number, "event_time": at, "event_code": code, "status": status,
                 "location": None, "is_exception": random.choice([True, False, False, None])}
            )  # fmt: skip
    return rows


def _activities(random: Random, now: datetime) -> Rows:
    """Promotions long past, running, planned, without end, ended before they began, on the edge of history."""
    rows: Rows = []
    for number in range(1, 61):
        start = now - timedelta(
            days=random.choice([-5, 0, 1, 10, 20, 40, 80, 100, 130]), hours=random.choice([0, 1, 8])
        )
        end = pick(random, [start + timedelta(days=d) for d in (-2, 0, 1, 4, 9, 30)], share=0.85)
        row = {
            "id": number, "shop_id": random.choice([1, 1, 1, 2, 3, 9, 99]), "activity_id": f"A{number}",
            "activity_name": f"activity {number}", "activity_type": random.choice(_KINDS),
            "start_time": pick(random, [start], share=0.95), "end_time": end, "status": "running",
            "activity_cost": random.choice([None, "0", "24.00", "1000"]), "updated_at": now,
        }  # fmt: skip
        rows.append(row)
        if number % 7 == 0:
            rows.append(row | {"start_time": None, "activity_type": "old", "updated_at": now - timedelta(days=1)})
    return rows


def _items(random: Random, world: dict[str, Rows]) -> Rows:
    own = [
        row["product_id"] for row in world["stg_temu__products"] if row["shop_id"] in (1, 2, 3) and row["product_id"]
    ]
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for number in range(1, 61):
        for _ in range(random.choice([0, 0, 1, 2, 5])):
            sku = random.choice([*random.choices(own, k=4), "nobody's"])
            traffic = {name: random.choice([None, 0, 30, 1000]) for name in ("impressions", "clicks", "payers")}
            found[number, sku.strip()] = {"activity_id": number, "shop_id": 1, "product_sku_id": sku} | traffic
    return list(found.values())
