"""Raw rows of many shop-years, made by the server itself: `fill(url, lines=3_600_000)`.

Belongs here: what a large company's raw tables look like – a shop-year has 360,000 lines, few articles sell most, weeks
have a rhythm, one order in twenty comes back. The year ends two days before it is filled, so that what screens call the
last 30 days is full. The same arguments on the same day give the same rows. Nothing here is timed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg

LINES_PER_SHOP_YEAR = 360_000
ARTICLES = 800
DAYS = 365
CHUNK = 200_000

_TEXT = Path(__file__).with_name("world.sql").read_text(encoding="utf-8")
STATEMENTS = dict(re.findall(r"^-- name: (\w+)\n(.*?);\n", _TEXT, re.DOTALL | re.MULTILINE))


def fill(url: str, *, lines: int, tell: Callable[[str], None] = print) -> int:
    """Empty the raw tables and fill them with about `lines` order lines; returns the number of parent orders."""
    shops, yesterday = shops_of(lines), datetime.now(UTC) - timedelta(days=1)
    last_day = yesterday.date() - timedelta(days=1)
    with psycopg.connect(url, autocommit=True) as connection:
        _empty(connection)
        connection.execute("set max_parallel_workers_per_gather = 0")  # random() must be drawn in one order
        connection.execute("set synchronous_commit = off")
        connection.execute("set timezone = 'UTC'")
        for name in ("shops", "products", "snapshots", "managers", "costs", "fx", "fees", "targets", "activities"):
            _run(connection, name, last_day, shops=shops)
        parents = lines // 2
        for start in range(0, parents, CHUNK):
            numbers = {"first": start + 1, "last": min(start + CHUNK, parents), "loaded_at": yesterday}
            _add_orders(connection, last_day, **numbers, shops=shops, day=_first_day(last_day), days=DAYS)
            tell(f"{min(start + CHUNK, parents):,} of {parents:,} parent orders")
        for name in ("amounts", "cases", "case_details", "charges", "settlements"):
            _run(connection, name, last_day, shops=shops, first=1, last=parents, loaded_at=yesterday)
        connection.execute("vacuum analyze")
    return parents


def shops_of(lines: int) -> int:
    """How many shops sell so much in a year."""
    return max(1, round(lines / LINES_PER_SHOP_YEAR))


def last_day_of(url: str) -> date:
    """The last day of the year that this world was filled with."""
    with psycopg.connect(url) as connection:
        row = connection.execute("select max(snapshot_date) from raw_temu.product_snapshots").fetchone()
    if row is None or row[0] is None:
        raise RuntimeError("this world is empty: fill it first")
    last: date = row[0]
    return last


def add_day(url: str, *, parents: int, shops: int) -> None:
    """One more day: a 365th of the `parents` orders that are there, landed now."""
    last_day = last_day_of(url)
    with psycopg.connect(url, autocommit=True) as connection:
        numbers = {"first": parents + 1, "last": parents + max(1, parents // DAYS), "loaded_at": datetime.now(UTC)}
        _add_orders(connection, last_day, **numbers, shops=shops, day=last_day + timedelta(days=1), days=1)
        _run(connection, "amounts", last_day, **numbers)


def edit_cost(url: str) -> None:
    """A file that changes what one article of middling success has cost in the last two months."""
    last_day = last_day_of(url)
    with psycopg.connect(url, autocommit=True) as connection:
        _run(connection, "cost_edit", last_day)


def forget_news(url: str, *, parents: int) -> None:
    """Back to a world of `parents` orders, without the day and the cost that an earlier run added."""
    last_day = last_day_of(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("forget_orders", "forget_amounts", "forget_cost_edit"):
            _run(connection, name, last_day, last=parents)


def _add_orders(connection: psycopg.Connection, last_day: date, **values: object) -> None:
    connection.execute("select setseed(%s)", [(int(str(values["first"])) % 99_991) / 99_991])
    _run(connection, "orders", last_day, **values)


def _run(connection: psycopg.Connection, name: str, last_day: date, **values: object) -> None:
    constants = {"articles": ARTICLES, "last_day": last_day, "first_day": _first_day(last_day)}
    connection.execute(STATEMENTS[name], constants | values)  # type: ignore[call-overload]


def _first_day(last_day: date) -> date:
    return last_day - timedelta(days=DAYS - 1)


def _empty(connection: psycopg.Connection) -> None:
    tables = connection.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('raw_temu', 'raw_files')"
    ).fetchall()
    connection.execute(f"truncate {', '.join(name for (name,) in tables)}")
    connection.execute("truncate ops.shops cascade")
