"""Nasty reference rows for the oracle test: shops, listings, costs, rates, targets, stock.

Values only, no expectations. What is left out is what the specification does not decide (a shop without region, say).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

Rows = list[dict[str, Any]]

SHOPS = [
    # id, region, timezone, default manager, environment, active
    (1, "US", None, "kim", "production", True),
    (2, "MX", "", " -- ", None, True),
    (3, "CA", "America/Vancouver", "lee", " ", True),
    (4, "UK", "nan", "mia", "production", False),
    (5, "DE", None, None, "production", True),
    (6, "JP", None, "kim", "production", None),
    (7, "AU", None, "noa ", "production", True),
    (8, "GLOBAL", None, "N/A", "production", True),
    (9, "US", None, "kim", "sandbox", True),
    (10, "FR", None, "lee", "production", True),
    (11, "KR", None, "mia", "production", True),
    (12, "EU", None, None, "NULL", True),
    (13, "GB", None, "kim", "production", True),
    (14, "IT", None, "lee", "production", True),
    (15, "ES", None, "Kim", "production", True),
    (16, "US", None, "kim", "staging", True),
]
ORPHAN = 99
CODES = [f"AB-{n:02d}" for n in range(1, 19)]
STYLES = [f"SP{n:02d}" for n in range(1, 22)]
_WRITTEN_CODES = ["{}", " {} ", "{}\t", "\u3000{}\u00a0", "lower"]
_NO_CODE = [None, "", "1pc", "RANDOM", " random 1PCS ", "nan", "--", "1"]
_MANAGERS = [None, "kim", "lee", " mia ", "noa", "none", "UNASSIGNED"]
_CURRENCIES = ["CNY", "RMB", " cnh ", "USD", "usd", "EUR", None, "XXX", "nan"]
_COSTS = [None, "-1", "0", "nan", "0.005", "1000000000000"]
EPOCH = datetime(2023, 1, 1, tzinfo=UTC)


def pick(random: Random, choices: list[Any], *, else_: Any = None, share: float = 1.0) -> Any:
    """One of the choices with this probability, otherwise `else_`."""
    return random.choice(choices) if random.random() < share else else_


def written(random: Random, code: str) -> str:
    """A seller code as somebody typed it (N2)."""
    form = random.choice(_WRITTEN_CODES)
    return code.lower() if form == "lower" else form.format(code)


def no_code(random: Random) -> str | None:
    """What stands where a seller code is missing."""
    return random.choice(_NO_CODE)


def currency(random: Random, usual: str = "CNY", share_of_odd: float = 0.35) -> str | None:
    """Mostly the usual currency, sometimes another, another spelling or none (N3)."""
    return pick(random, _CURRENCIES, else_=usual, share=share_of_odd)


def shops(random: Random) -> Rows:
    """Every zone rule (T3), every environment (Q2), older versions of some (D1)."""
    rows: Rows = []
    for shop_id, region, timezone, manager, environment, active in SHOPS:
        row = {
            "id": shop_id, "shop_id": f"6344{shop_id:06d}", "shop_name": f" Shop {shop_id} ", "region": region,
            "entity": pick(random, ["HK one", "SZ two", None]), "timezone": timezone,
            "business_model": random.choice(["full", "semi", "local"]), "default_manager": manager,
            "environment": environment, "is_active": active, "updated_at": EPOCH + timedelta(days=shop_id),
            "settlement_lag_days": [None, 0, 5, 45, -3, 4000][shop_id % 6],
        }  # fmt: skip
        rows.append(row)
        if shop_id % 4 == 0:
            older = {"default_manager": "old", "environment": "sandbox", "timezone": "Asia/Tokyo"}
            rows.append(row | older | {"updated_at": EPOCH})
    random.shuffle(rows)
    return rows


def products(random: Random, per_shop: int) -> Rows:
    """Listings with repeated SKU ids, codes and styles; also in shops that do not count."""
    rows: Rows = []
    for shop_id in [*(shop[0] for shop in SHOPS), ORPHAN]:
        for n in range(per_shop):
            row = _product(random, len(rows) + 1, shop_id, n)
            rows.append(row)
            if random.random() < 0.1:
                rows.append(row | {"sku": "OLD-01", "manager": "old", "updated_at": EPOCH})
    random.shuffle(rows)
    return rows


def _product(random: Random, product_id: int, shop_id: int, n: int) -> dict[str, Any]:
    code = pick(random, CODES, share=0.85)
    return {
        "id": product_id + 1000 * (n % 3), "shop_id": shop_id,
        "product_id": pick(random, [None, f"{shop_id:02d}9000", "nan"], else_=f"{shop_id:02d}9{n:03d} ", share=0.2),
        "product_name": f"product {product_id}", "sku": written(random, code) if code else no_code(random),
        "spu_id": pick(random, [None, "--"], else_=random.choice(STYLES), share=0.1),
        "current_price": pick(random, [None, "0", "-3", "nan", "12.345", "0.005", "88"]),
        "currency": currency(random), "stock_quantity": random.choice([None, 0, 3, 40, 500]),
        "is_active": random.choice([True, True, False, None]), "category": pick(random, ["Home", None]),
        "manager": random.choice(_MANAGERS), "updated_at": EPOCH + timedelta(days=random.randint(1, 600)),
    }  # fmt: skip


def costs(random: Random, listed: Rows, instants: list[datetime]) -> Rows:
    """Histories with overlaps, gaps, inversions and rows that cannot be costs (C1–C5)."""
    rows: Rows = []
    for product_id in sorted({row["id"] for row in listed} | {999_999}):
        bounds = sorted(random.sample(instants, random.choice([0, 1, 2, 3, 4])))
        for begins in bounds:
            ends = pick(random, instants, share=0.6)
            rows.append(_cost(random, len(rows) + 1, product_id, begins, ends))
        if random.random() < 0.3:  # two rows of one start, older than every order: the creation decides
            rows += [_cost(random, len(rows) + n, product_id, EPOCH, bounds[0] if bounds else None) for n in (1, 2)]
    rows += [row | {"cost_price": "777", "created_at": EPOCH.replace(tzinfo=None)} for row in rows[::23]]
    rows += rows[::31]
    random.shuffle(rows)
    return rows


def _cost(random: Random, cost_id: int, product_id: int, begins: datetime, ends: datetime | None) -> dict[str, Any]:
    return {
        "id": cost_id, "product_id": product_id,
        "cost_price": pick(random, _COSTS, else_=f"{random.randint(1, 9000) / 100:.3f}", share=0.15),
        "currency": currency(random, share_of_odd=0.25), "effective_from": in_beijing(begins),
        "effective_to": in_beijing(ends) if ends else None,
        "created_at": datetime(2024, 1, 1) + timedelta(seconds=random.randint(1, 10**7)),  # noqa: DTZ001 - T4
    }  # fmt: skip


def in_beijing(instant: datetime) -> datetime:
    """The same instant as a naive business time (T4)."""
    return (instant.astimezone(UTC) + timedelta(hours=8)).replace(tzinfo=None)


def fx_rates(random: Random) -> Rows:
    """Gaps, overlaps, a newer row that ends before the older one, inverse and cross pairs (F)."""
    written_ = [
        ("USD", "CNY", "7.2005", "2023-12-01", "2025-01-01"), ("usd", "RMB", "7.10", "2025-01-01", None),
        ("USD", "CNY", "7.3333", "2025-02-10", "2025-02-20"), ("USD", "CNY", "7.05", "2025-03-01", "2025-04-10"),
        ("USD", "CNY", "9.99", "2025-06-20", "2025-06-01"), ("EUR", "CNY", "7.85", "2025-01-15", "2025-04-10"),
        ("EUR", "CNH", "8.015", "2025-04-15", None), ("GBP", "CNY", "9.25", "2024-12-31", "2025-03-30"),
        ("GBP", "CNY", "9.31", "2025-03-30", None), ("JPY", "CNY", "0.0485", "2024-01-01", None),
        ("MXN", "CNY", "0.355", "2024-01-01", None), ("CNY", "USD", "0.14", "2023-01-01", None),
        ("KRW", "USD", "0.0007", "2023-01-01", None), ("CNY", "CNY", "3", "2023-01-01", None),
        ("AUD", "CNY", "4.7", "2025-01-01", "2025-01-01"), (" cad", "CNY ", "5.123456", "2025-01-01", None),
    ]  # fmt: skip
    names = ("base_currency", "quote_currency", "rate", "effective_from", "effective_to")
    rows = [dict(zip(names, row, strict=True)) for row in written_]
    for row in rows:
        row["effective_from"] = date.fromisoformat(row["effective_from"] or "")
        row["effective_to"] = date.fromisoformat(row["effective_to"]) if row["effective_to"] else None
    random.shuffle(rows)
    return rows


def fee_rates(random: Random) -> Rows:
    """Rows of a shop and rows for all, overlapping, ended, of one start (E)."""
    written_ = [
        ("payment", None, "0.01", "2024-01-01", None), ("payment", None, "0.0123", "2025-02-01", "2025-03-01"),
        ("payment", 1, "0.02", "2024-12-01", "2025-02-15"), ("payment", 1, "0.025", "2025-01-15", "2025-01-20"),
        ("platform", 5, "0.08", "2024-01-01", None), ("platform", 5, "0.09", "2024-01-01", None),
        ("platform", 3, "0.15", "2025-02-01", None), ("platform", None, "0.03", "2025-03-10", None),
        ("platform", 7, "0", "2025-01-01", None), (" platform ", 9, "0.5", "2024-01-01", None),
        ("payment", 10, "0.005", "2025-01-01", "2024-12-01"),
    ]  # fmt: skip
    names = ("fee_type", "shop_id", "rate", "effective_from", "effective_to")
    rows = [{"id": n, **dict(zip(names, row, strict=True))} for n, row in enumerate(written_, start=1)]
    for row in rows:
        row["effective_from"] = date.fromisoformat(row["effective_from"])
        row["effective_to"] = date.fromisoformat(row["effective_to"]) if row["effective_to"] else None
    random.shuffle(rows)
    return rows


def sales_targets(random: Random, months: list[date]) -> Rows:
    """Of managers and of their shops, repeated, zero, outside the months that have orders (§6.4)."""
    rows: Rows = []
    for number in range(1, 420):
        rows.append(
            {
                "id": number, "target_month": random.choice(months),
                "manager": random.choice(["kim", "lee", "mia ", "noa", "zoe", "UNASSIGNED", None]),
                "shop_id": random.choice([None, *range(1, 17), ORPHAN]),
                "metric": random.choice(["gmv_cny", "units", "profit_cny"]),
                "target_value": random.choice(["0", "100", "3000.50", "80000", "7"]),
            }
        )  # fmt: skip
    return rows


def inventory_snapshots(random: Random, listed: Rows, as_of: date, first_back: int) -> Rows:
    """Counts before and after as_of; `first_back` keeps the days of two sources apart."""
    rows: Rows = []
    for product_id in sorted({row["id"] for row in listed}):
        for back in random.sample(range(first_back, 60, 2), 2) if random.random() < 0.5 else []:
            day = as_of - timedelta(days=back - 6)
            on_hand = random.choice([0, 1, 25, 900])
            row = {
                "snapshot_date": day,
                "product_id": product_id,
                "on_hand": on_hand,
                "reserved": None,
                "in_transit": 5,
            }
            rows.append(row)
    random.shuffle(rows)
    return rows
