"""The operations marts together (§6.7 to §6.9, §7.1): what they need from staged rows and from each other."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from tests.dbt_project.oracle.activities import activity_lift
from tests.dbt_project.oracle.costs import valid_costs
from tests.dbt_project.oracle.lines import Ledger, Staging
from tests.dbt_project.oracle.rates import Exchange
from tests.dbt_project.oracle.reading import (
    REPORTING_ZONE,
    Row,
    Rows,
    covers,
    grouped,
    product,
    round_half_away,
    whole,
)
from tests.dbt_project.oracle.scorecard import scorecard
from tests.dbt_project.oracle.shipments import logistics_daily, shipments
from tests.dbt_project.oracle.stock_alerts import stock_alerts


def operations(staging: Staging, books: Ledger, listed: Rows, days: Rows, stocks: Rows, as_of: date) -> dict[str, Rows]:
    """Rows of each mart; `listed` are products of production shops, `days` and `stocks` the marts of these names."""
    end = datetime.combine(as_of + timedelta(1), time(), REPORTING_ZONE)
    counts = _counts(staging, as_of)
    costs = _unit_costs(listed, valid_costs(staging["stg_files__product_costs"]), books.exchange, end, as_of)
    told, events = staging.get("stg_temu__shipments", []), staging.get("stg_temu__tracking_events", [])
    parcels = shipments(books.lines, told, events, end)
    promotions, items = staging.get("stg_temu__activities", []), staging.get("stg_temu__activity_items", [])
    return {
        "mart_stock_alerts": stock_alerts(stocks, _under_way(listed, counts), costs),
        "fct_shipments": parcels,
        "mart_logistics_daily": logistics_daily(parcels),
        "mart_activity_lift": activity_lift(promotions, items, listed, books.lines, books.shops, as_of),
        "mart_shop_scorecard": scorecard(days, parcels, _stocked(listed, counts), as_of),
    }


def _counts(staging: Staging, as_of: date) -> dict[object, Row]:
    """The newest count of each listing up to the day."""
    rows = staging["stg_temu__inventory_snapshots"] + staging["stg_files__inventory_snapshots"]
    past = [row for row in rows if row["snapshot_date"] <= as_of]
    return {row["product_id"]: row for row in sorted(past, key=lambda r: r["snapshot_date"])}


def _under_way(listed: Rows, counts: dict[object, Row]) -> dict[object, int | None]:
    found: dict[object, int | None] = {}
    for code, group in grouped(listed, lambda p: p["sku_code"]).items():
        known = [whole(counts[p["id"]]["in_transit"]) for p in group if p["id"] in counts]
        some = [units for units in known if units is not None]
        found[code] = sum(some) if some else None
    return found


def _stocked(listed: Rows, counts: dict[object, Row]) -> Rows:
    return [p | {"stock": _stock(p, counts.get(p["id"]))} for p in listed]


def _stock(listing: Row, count: Row | None) -> int | None:
    counted = whole(count["on_hand"]) if count else None
    stock: int | None = listing["stock_quantity"]
    return stock if counted is None else counted


def _unit_costs(
    listed: Rows, costs: dict[object, Rows], exchange: Exchange, end: datetime, as_of: date
) -> dict[object, Decimal]:
    """Cost valid as the day ends, of the listing that describes the article, else of the next that has one."""
    found: dict[object, Decimal] = {}
    for listing in sorted(listed, key=_describes):
        valid = [row for row in costs.get(listing["id"], []) if covers(row, end - timedelta(microseconds=1))]
        row = max(valid, key=lambda r: (r["effective_from"], r["created_at"], r["id"]), default=None)
        cost = row and product(row["price"], exchange.rate(row["currency"], as_of))
        if cost is not None and listing["sku_code"] not in found:
            found[listing["sku_code"]] = round_half_away(cost, 4)
    return found


def _describes(listing: Row) -> tuple[bool, float, object]:
    """Active first, then the last listed, then the lowest id."""
    listed_at = listing["listed_at"]
    return not listing["is_active"], -listed_at.timestamp() if listed_at else float("inf"), listing["id"]
