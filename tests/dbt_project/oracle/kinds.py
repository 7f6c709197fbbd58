"""Lines by where they go, when they were ordered and what is known of them, by day."""

from __future__ import annotations

from tests.dbt_project.oracle.periods import parents, shop_columns
from tests.dbt_project.oracle.reading import Row, Rows, grouped, known_sum

PLACE = ("shipping_country", "shipping_state", "shipping_state_code")
HOUR = ("order_weekday_local", "order_hour_local")
KIND = ("shipping_country", "fulfillment_type", "status", "cost_status", "match_method", "price_source")


def destinations_daily(lines: Rows) -> Rows:
    """mart_destinations_daily: each parent at one place."""
    placed: Rows = []
    for of_parent in grouped(_sales(lines), lambda line: (line["shop_id"], line["parent_key"])).values():
        place = min((tuple(line[name] for name in PLACE) for line in of_parent), key=_known_first)
        placed += [line | dict(zip(PLACE, place, strict=True)) for line in of_parent]
    return [
        row
        | {
            "orders": parents(group),
            "units_sold": sum(line["units"] for line in group),
            "gmv_cny": known_sum(line["gmv_cny"] for line in group),
        }
        for row, group in _by_day(placed, PLACE)
    ]


def order_hours_daily(lines: Rows) -> Rows:
    """mart_order_hours_daily."""
    return [row | {"orders": parents(group)} for row, group in _by_day(_sales(lines), HOUR)]


def line_kinds_daily(lines: Rows) -> Rows:
    """mart_line_kinds_daily."""
    return [
        row
        | {
            "lines_all": len(group),
            "order_lines": len(_sales(group)),
            "priced_lines": sum(line["gmv_cny"] is not None for line in _sales(group)),
        }
        for row, group in _by_day(lines, KIND)
    ]


def line_kinds(lines: Rows) -> Rows:
    """dim_line_kinds."""
    return [dict(zip(KIND, kind, strict=True)) for kind in {tuple(line[name] for name in KIND) for line in lines}]


def _sales(lines: Rows) -> Rows:
    return [line for line in lines if line["is_sale"]]


def _known_first(place: tuple[object, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((part is None, str(part)) for part in place)


def _by_day(lines: Rows, names: tuple[str, ...]) -> list[tuple[Row, Rows]]:
    """Groups of a shop's day that are alike in `names`, each with the columns that tell it."""
    keys = ("order_date", "shop_id", *names)
    groups = grouped(lines, lambda line: tuple(line[name] for name in keys))
    return [
        ({name: group[0][name] for name in keys} | shop_columns(group[0]["shop"]), group) for group in groups.values()
    ]
