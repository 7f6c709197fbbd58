"""Order lines before any money: deduplicated (D), their status (S), their day (T), the rows kept out (Q1–Q3)."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.dbt_project.oracle.reading import (
    REPORTING_ZONE,
    Row,
    Rows,
    audit_instant,
    business_instant,
    currency,
    day_in,
    grouped,
    lowest_if_unknown,
    newest,
    number,
    seller_code,
    text,
    whole,
)
from tests.dbt_project.oracle.shops import kept_out, zone_of

_OF_CODE = {
    1: "pending", 2: "paid", 3: "cancelled", 4: "shipped", 41: "shipped", 5: "delivered", 51: "delivered",
}  # fmt: skip
_OF_TEXT = {
    "pending": ["PENDING", "待支付", "平台处理中"],
    "paid": ["PAID", "PROCESSING", "已支付", "待发货"],
    "cancelled": ["CANCELLED", "CANCELED", "已取消"],
    "shipped": ["SHIPPED", "已发货"],
    "delivered": ["DELIVERED", "已送达", "已签收"],
    "completed": ["COMPLETED", "已完成"],
    "refunded": ["REFUNDED", "已退款"],
}
_CANONICAL = {word: status for status, words in _OF_TEXT.items() for word in words}
_US_STATES = {  # those in the worlds that the oracle judges
    "CA": "US-CA", "CALIFORNIA": "US-CA", "NEW YORK": "US-NY", "US-TX": "US-TX",
}  # fmt: skip
_SALE = {"paid", "shipped", "delivered", "completed", "refunded"}


def order_lines(staged: Rows, shops: dict[int, Row]) -> tuple[Rows, Rows]:
    """Lines that count and lines kept out."""
    lines = deduplicated([_line(row) for row in staged])
    placed = {key: _placed_at(group) for key, group in grouped(lines, _parent).items()}
    kept: Rows = []
    out: Rows = []
    for line in lines:
        reason = kept_out(line["shop_id"], shops) or ("no_order_time" if placed[_parent(line)] is None else None)
        if reason:
            out.append(quarantined("orders", line, reason))
        else:
            kept.append(_dated(line, placed[_parent(line)], shops[line["shop_id"]]))
    return kept, out


def quarantined(entity: str, row: Row, reason: str) -> Row:
    """A row of dq_quarantined_rows."""
    named = {"entity": entity, "reason": reason}
    return {**named, "id": row["id"], "shop_id": row["shop_id"], "order_sn": row.get("order_sn")}


def deduplicated(rows: Rows) -> Rows:
    """D1, then D2."""
    versions = newest(rows, lambda r: r["id"], lambda r: r["updated_at"])
    key = ("shop_id", "order_sn", "product_sku", "spu_id")
    return newest(versions, lambda r: tuple(r[k] or "" for k in key), lambda r: (r["updated_at"], r["id"]))


def status(temu_status_code: int | None, words: str | None) -> str:
    """S1–S3."""
    told = _CANONICAL.get((words or "").upper())
    if temu_status_code in (4, 41, 5, 51) and told in ("refunded", "completed"):
        return str(told)
    if temu_status_code:
        return _OF_CODE.get(temu_status_code, "unknown")
    return told or "unknown"


def _line(row: Row) -> Row:
    sold, code = whole(row.get("quantity")), whole(row.get("temu_status_code"))
    state = status(code, text(row.get("status")))
    parent, child = text(row.get("parent_order_sn")), text(row.get("order_sn"))
    return {
        "id": row.get("id"), "shop_id": row.get("shop_id"), "order_sn": child, "parent_order_sn": parent,
        "parent_key": parent or child, "product_id": row.get("product_id"),
        "product_sku_id": text(row.get("product_sku_id")), "product_sku": seller_code(row.get("product_sku")),
        "spu_id": text(row.get("spu_id")), "quantity": sold, "unit_price": number(row.get("unit_price")),
        "total_price": number(row.get("total_price")), "currency": currency(row.get("currency")), "status": state,
        "is_sale": state in _SALE and sold is not None and sold >= 1,
        "order_time": business_instant(row.get("order_time")),
        "payment_time": business_instant(row.get("payment_time")),
        "shipping_time": business_instant(row.get("shipping_time")),
        "delivery_time": business_instant(row.get("delivery_time")),
        "ship_deadline": business_instant(row.get("expect_ship_latest_time")),
        "promised_at": business_instant(row.get("latest_delivery_time")),
        "shipping_country": text(row.get("shipping_country")), "shipping_state": text(row.get("shipping_state")),
        "shipping_state_code": _state_code(text(row.get("shipping_country")), text(row.get("shipping_state"))),
        "fulfillment_type": text(row.get("fulfillment_type")), "package_sn": text(row.get("package_sn")),
        "updated_at": lowest_if_unknown(audit_instant(row.get("updated_at"))),
    }  # fmt: skip


def _state_code(country: str | None, state: str | None) -> str | None:
    """ISO 3166-2 of a US state; nothing else has a code."""
    return _US_STATES.get((state or "").upper()) if country == "US" else None


def _parent(line: Row) -> tuple[object, object]:
    return line["shop_id"], line["parent_key"]


def _placed_at(lines: Rows) -> datetime | None:
    """T1: the earliest order time of the parent, else its earliest payment time."""
    for column in ("order_time", "payment_time"):
        known = [line[column] for line in lines if line[column] is not None]
        if known:
            return min(known)
    return None


def _dated(line: Row, placed: datetime, shop: Row) -> Row:
    """T2, T3."""
    local = placed.astimezone(zone_of(shop))
    return {
        **line,
        "shop": shop,
        "order_placed_at": placed,
        "order_date": day_in(REPORTING_ZONE, placed),
        "order_date_local": local.date(),
        "order_date_utc": placed.astimezone(UTC).date(),
        "order_hour_local": local.hour,
        "order_weekday_local": local.isoweekday(),
        "units": line["quantity"] if line["is_sale"] else 0,
    }
