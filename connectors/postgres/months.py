"""Closing a month: what it was worth for each shop is written down once and never changes.

Belongs here: `ops.month_closings`. What moves afterwards is shown by the marts as adjustments beside these figures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg

from connectors.errors import ConfigurationError

_PUBLISHED = """
    select shop_id, coalesce(sum(gmv_cny), 0), coalesce(sum(net_revenue_cny), 0), coalesce(sum(profit_cny), 0)
    from marts.snap_order_lines
    where dbt_valid_to is null and order_date >= %(month)s and order_date < %(month)s + interval '1 month'
    group by shop_id order by shop_id
"""
_KEEP = """
    insert into ops.month_closings (month_start, shop_id, gmv_cny, net_revenue_cny, profit_cny)
    values (%s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """The figures of one shop in a month, CNY."""

    month_start: date
    shop_id: int
    gmv_cny: Decimal
    net_revenue_cny: Decimal
    profit_cny: Decimal


def parse_month(text: str) -> date:
    """First day of a month written `2026-10`. ConfigurationError for anything else."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text.strip())
    if not found:
        raise ConfigurationError(f"{text!r} is no month", remedy="write year and month, such as 2026-10")
    return date(int(found[1]), int(found[2]), 1)


def closed_figures(connection: psycopg.Connection, month: date) -> list[ClosedMonth]:
    """What was written down when this month was closed; empty while it is open."""
    query = """
        select month_start, shop_id, gmv_cny, net_revenue_cny, profit_cny
        from ops.month_closings where month_start = %s order by shop_id
    """
    return [ClosedMonth(*row) for row in connection.execute(query, [month]).fetchall()]


def published_figures(connection: psycopg.Connection, month: date) -> list[ClosedMonth]:
    """What the last good build published of this month, per shop.

    ConfigurationError when nothing was published yet, or not the whole month.
    """
    name = f"{month:%Y-%m}"
    found = connection.execute("select to_regclass('marts.snap_order_lines') is not null").fetchone()
    if found != (True,):
        raise ConfigurationError(f"{name} cannot be closed: nothing was published", remedy="build the marts first")
    until = connection.execute("select max(published_as_of) from marts.snap_order_lines").fetchone()
    last_day = connection.execute("select (%s + interval '1 month')::date - 1", [month]).fetchone()
    if until is None or last_day is None or until[0] is None or until[0] < last_day[0]:
        raise ConfigurationError(f"{name} cannot be closed: it is not complete", remedy="close it after its last day")
    return [ClosedMonth(month, *row) for row in connection.execute(_PUBLISHED, {"month": month}).fetchall()]


def close_month(connection: psycopg.Connection, month: date) -> list[ClosedMonth]:
    """Write the published figures of the month down, in the caller's transaction; a closed month stays as it is."""
    connection.execute("lock table ops.month_closings in share row exclusive mode")
    closed = closed_figures(connection, month)
    if closed:
        return closed
    figures = published_figures(connection, month)
    with connection.cursor() as cursor:
        cursor.executemany(
            _KEEP, [(f.month_start, f.shop_id, f.gmv_cny, f.net_revenue_cny, f.profit_cny) for f in figures]
        )
    return figures
