"""Parcels and how they were judged (§6.7), from sale lines and from what the platform tells of parcels."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from tests.dbt_project.oracle.periods import shop_columns
from tests.dbt_project.oracle.reading import Row, Rows, business_instant, grouped, ratio, text

_ON_ITS_WAY = ("shipped", "delivered", "completed")
_RECEIVED = ("delivered", "completed")
_DELIVERY_WORDS = {"delivered", "signed", "已签收", "已送达", "妥投"}


def shipments(lines: Rows, staged: Rows, events: Rows, as_of: datetime) -> Rows:
    """fct_shipments."""
    told = [_told(row) for row in staged if text(row["package_sn"])]
    scans = grouped([_scan(e) for e in events], lambda e: e["number"])
    sales = [line for line in lines if line["is_sale"]]
    rows: Rows = []
    for (shop_id, parent), group in grouped(sales, lambda line: (line["shop_id"], line["parent_key"])).items():
        of_parent = [t for t in told if (t["shop_id"], t["parent"]) == (shop_id, parent)]
        for package, own in _parcels(group, of_parent).items():
            known = next((t for t in told if (t["shop_id"], t["package"]) == (shop_id, package)), None)
            rows.append(_judged(_parcel(group, own, package, known, scans, as_of), as_of))
    return rows


def _told(row: Row) -> Row:
    return {
        "shop_id": row["shop_id"],
        "package": text(row["package_sn"]),
        "parent": text(row["parent_order_sn"]),
        "carrier": text(row["carrier"]) or "",
        "number": text(row["tracking_number"]),
        "shipped_at": business_instant(row["shipped_at"]),
        "delivered_at": business_instant(row["delivered_at"]),
        "status": text(row["status"]),
    }


def _scan(row: Row) -> Row:
    words = {(text(row[name]) or "").lower() for name in ("event_code", "status")}
    return {
        "number": text(row["tracking_number"]),
        "at": business_instant(row["event_time"]),
        "is_delivery": bool(words & _DELIVERY_WORDS),
        "is_exception": row["is_exception"] is True,
        "status": text(row["status"]),
    }


def _parcels(lines: Rows, told: Rows) -> dict[str, Rows]:
    """Packages of a parent with the lines that name them; '' for lines that are in none."""
    found: dict[str, Rows] = {t["package"]: [] for t in told}
    for line in lines:
        package = text(line["package_sn"])
        if package is None and told and _is_shipped(line):
            continue  # on its way in one of the parcels that the platform tells of
        found.setdefault(package or "", []).append(line)
    return found


def _is_shipped(line: Row) -> bool:
    return line["shipping_time"] is not None or line["status"] in _ON_ITS_WAY


def _parcel(parent: Rows, own: Rows, package: str, told: Row | None, scans: dict[object, Rows], as_of: datetime) -> Row:
    lines = own or parent
    facts = told or {"carrier": "", "number": None, "shipped_at": None, "delivered_at": None, "status": None}
    seen = [s for s in scans.get(facts["number"], []) if facts["number"] and s["at"] and s["at"] <= as_of]
    last = max(seen, key=lambda s: (s["at"], s["is_exception"]), default=None)
    scanned = min((s["at"] for s in seen if s["is_delivery"]), default=None) or facts["delivered_at"]
    of_own = _earliest(own, "shipping_time")
    priced = [line["gmv_cny"] for line in own if line["gmv_cny"] is not None]
    received = [line for line in lines if line["status"] in _RECEIVED]
    return shop_columns(parent[0]["shop"]) | {
        "shop_id": parent[0]["shop_id"],
        "parent_key": parent[0]["parent_key"],
        "package_sn": package,
        "order_date": parent[0]["order_date"],
        "order_placed_at": parent[0]["order_placed_at"],
        "order_lines": len(own),
        "units": sum(line["units"] for line in own),
        "gmv_cny": sum(priced, Decimal(0)) if priced else None,  # chapter 2: unknown is not 0
        "carrier": facts["carrier"],
        "tracking_number": facts["number"],
        "ship_deadline": _earliest(lines, "ship_deadline") or _earliest(parent, "ship_deadline"),
        "promised_at": _earliest(lines, "promised_at") or _earliest(parent, "promised_at"),
        "shipped_at": of_own or facts["shipped_at"] or (None if own else _earliest(parent, "shipping_time")),
        "delivered_at": scanned
        or max((line["delivery_time"] for line in received if line["delivery_time"]), default=None),
        "is_shipped": any(map(_is_shipped, lines)) or bool(facts["shipped_at"] or facts["delivered_at"] or scanned),
        "is_received": len(received) == len(lines) or facts["status"] == "delivered",
        "is_paid": any(line["status"] == "paid" for line in own),
        "scans": len(seen),
        "last_scan_at": last and last["at"],
        "last_is_exception": bool(last and last["is_exception"]),
    }


def _earliest(lines: Rows, name: str) -> datetime | None:
    return min((line[name] for line in lines if line[name] is not None), default=None)


def _judged(row: Row, as_of: datetime) -> Row:
    shipped, delivered = row["shipped_at"], row["delivered_at"]
    is_delivered = row["is_received"] or delivered is not None
    is_open = row["is_shipped"] and not is_delivered
    row |= {"is_delivered": is_delivered, "is_to_ship": row["is_paid"] and not row["is_shipped"]}
    row |= {"ship_status": _ship_status(row, as_of), "delivery_status": _delivery_status(row, as_of)}
    days = (as_of - shipped) // timedelta(days=1) if shipped and is_open else None
    return row | {
        "hours_to_ship": _apart(row["order_placed_at"], shipped, 3600),
        "transit_days": _apart(shipped, delivered, 86_400),
        "days_in_transit": days,
        "ageing_bucket": _bucket(days),
        "exception_reason": _exception(row, is_open, as_of),
        "judged_at": as_of,
    }


def _ship_status(row: Row, as_of: datetime) -> str:
    shipped, deadline = row["shipped_at"], row["ship_deadline"]
    if deadline is None:
        return "no_deadline"
    if shipped is not None:
        return "on_time" if shipped <= deadline else "late"
    if row["is_shipped"]:
        return "unknown"
    return "overdue_unshipped" if as_of > deadline else "pending"


def _delivery_status(row: Row, as_of: datetime) -> str:
    delivered, promised = row["delivered_at"], row["promised_at"]
    if row["is_delivered"]:
        if delivered is None or promised is None:
            return "n/a"
        return "on_time" if delivered <= promised else "late"
    if promised is not None and as_of > promised:
        return "overdue"
    return "in_transit" if row["is_shipped"] else "n/a"


def _exception(row: Row, is_open: bool, as_of: datetime) -> str | None:
    shipped, delivered = row["shipped_at"], row["delivered_at"]
    silent_since = max((at for at in (shipped, row["last_scan_at"]) if at), default=None)
    if not row["is_delivered"] and row["last_is_exception"]:
        return "carrier_exception"
    if row["delivery_status"] == "overdue":
        return "delivery_overdue"
    if is_open and silent_since and as_of - silent_since >= timedelta(days=5):
        return "stalled"
    if is_open and row["tracking_number"] is None and shipped and as_of - shipped > timedelta(hours=24):
        return "no_tracking"
    backwards = (shipped and shipped < row["order_placed_at"]) or (shipped and delivered and delivered < shipped)
    return "negative_duration" if backwards else None


def _apart(earlier: datetime | None, later: datetime | None, unit: int) -> Decimal | None:
    if earlier is None or later is None:
        return None
    return ratio((later - earlier) // timedelta(microseconds=1), unit * 1_000_000, 1)


def _bucket(days: int | None) -> str | None:
    if days is None:
        return None
    return next((name for most, name in ((3, "0-3"), (7, "4-7"), (14, "8-14"), (21, "15-21")) if days <= most), "22+")


def logistics_daily(parcels: Rows) -> Rows:
    """mart_logistics_daily."""
    groups = grouped(parcels, lambda p: (p["order_date"], p["shop_id"], p["carrier"]))
    return [_day(key, group) for key, group in groups.items()]


def _day(key: object, group: Rows) -> Row:
    day, shop_id, carrier = key  # type: ignore[misc]
    counts = _counts(group)
    return (
        counts
        | {name: group[0][name] for name in ("shop_name", "region", "entity", "business_model")}
        | {
            "order_date": day,
            "shop_id": shop_id,
            "carrier": carrier,
            "late_ship_rate": ratio(
                counts["late_parcels"] + counts["overdue_unshipped_parcels"], counts["judged_parcels"]
            ),
            "on_time_delivery_rate": ratio(counts["delivered_on_time"], counts["delivery_judged"]),
        }
        | {f"{name}_{title}": percentile([p[name] for p in group], share)
           for name in ("hours_to_ship", "transit_days")
           for title, share in (("median", Decimal("0.5")), ("p90", Decimal("0.9")))}
    )  # fmt: skip


def _counts(group: Rows) -> Row:
    ship = [p["ship_status"] for p in group]
    delivery = [p["delivery_status"] for p in group]
    waits = [p["shipped_at"] - p["order_placed_at"] for p in group if p["hours_to_ship"] is not None]
    return {
        "parcels": len(group),
        "shipped_parcels": sum(p["is_shipped"] for p in group),
        "judged_parcels": sum(s in ("on_time", "late", "overdue_unshipped") for s in ship),
        "late_parcels": ship.count("late"),
        "overdue_unshipped_parcels": ship.count("overdue_unshipped"),
        "delivered_parcels": sum(p["is_delivered"] for p in group),
        "delivered_on_time": delivery.count("on_time"),
        "delivery_judged": sum(d in ("on_time", "late", "overdue") for d in delivery),
        "in_transit_parcels": sum(p["is_shipped"] and not p["is_delivered"] for p in group),
        "exception_parcels": sum(p["exception_reason"] is not None for p in group),
        "timed_parcels": len(waits),
        "shipped_within_24h": sum(wait <= timedelta(hours=24) for wait in waits),
        "shipped_within_48h": sum(wait <= timedelta(hours=48) for wait in waits),
    }


def percentile(values: list[Decimal | None], share: Decimal) -> Decimal | None:
    """Linear interpolation between the two neighbours, 1 decimal."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    position = share * (len(known) - 1)
    below = int(position)
    above = min(below + 1, len(known) - 1)
    return ratio(known[below] + (known[above] - known[below]) * (position - below), 1, 1)
