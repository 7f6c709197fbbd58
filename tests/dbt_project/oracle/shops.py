"""Shops: which exist, which count (Q1, Q2), in which zone they live (T3)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tests.dbt_project.oracle.reading import Row, Rows, audit_instant, lowest_if_unknown, newest, text

_ZONES = {
    "US": "America/Los_Angeles", "CA": "America/Toronto", "MX": "America/Mexico_City", "UK": "Europe/London",
    "GB": "Europe/London", "DE": "Europe/Berlin", "EU": "Europe/Berlin", "FR": "Europe/Paris", "IT": "Europe/Rome",
    "ES": "Europe/Madrid", "AU": "Australia/Sydney", "JP": "Asia/Tokyo", "KR": "Asia/Seoul", "GLOBAL": "UTC",
}  # fmt: skip


def shops(staged: Rows) -> dict[int, Row]:
    """D1, N: shop by id."""
    survivors = newest(staged, lambda r: r["id"], lambda r: lowest_if_unknown(audit_instant(r["updated_at"])))
    return {row["id"]: _shop(row) for row in survivors}


def _shop(row: Row) -> Row:
    region = text(row["region"])
    return {
        "id": row["id"],
        "shop_name": text(row["shop_name"]),
        "region": region,
        "entity": text(row["entity"]),
        "business_model": text(row["business_model"]),
        "timezone": text(row["timezone"]) or _ZONES[region or ""],
        "default_manager": text(row["default_manager"]),
        "settlement_lag_days": _lag(row.get("settlement_lag_days")),
        "is_production": text(row["environment"]) in (None, "production"),
    }


def _lag(days: int | None) -> int:
    """§6.6: of the shop, else 8; years or less than nothing are a slip."""
    return days if days is not None and 0 <= days <= 366 else 8


def kept_out(shop_id: object, known: dict[int, Row]) -> str | None:
    """Why rows of this shop stay out of the marts (Q1, Q2), if they do."""
    if shop_id not in known:
        return "orphan_shop"
    return None if known[shop_id]["is_production"] else "sandbox_shop"


def zone_of(shop: Row) -> ZoneInfo:
    """T3: the zone of a shop's local day."""
    return ZoneInfo(str(shop["timezone"]))
