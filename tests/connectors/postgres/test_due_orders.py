"""Which orders are looked at again because a deadline is near, and how often."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from connectors.postgres.due_orders import due_orders

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def conn(module_database_url) -> Iterator[psycopg.Connection]:
    """One active and one inactive shop; the work is rolled back."""
    with psycopg.connect(module_database_url) as connection:
        for number, active in ((1, True), (2, False)):
            connection.execute(
                "insert into ops.shops (id, temu_shop_id, shop_name, region, gateway, app_key, is_active)"
                " values (%s, %s, %s, 'US', 'US', 'k', %s)",
                [number, 600 + number, f"S{number}", active],
            )
        yield connection
        connection.rollback()


def land(conn, sn: str, status: int, *, shop: int = 1, loaded: timedelta = timedelta(days=-3), **deadlines: timedelta):
    head = {name: int((NOW + span).timestamp()) for name, span in deadlines.items()}
    conn.execute(
        "insert into raw_temu.orders (shop_id, parent_order_sn, status, source_updated_at, payload, payload_hash,"
        " run_id, loaded_at) values (%s, %s, %s, %s, %s, 'h', 'r', %s)",
        [shop, sn, status, NOW - 2 * HOUR, json.dumps({"parentOrderMap": head}), NOW + loaded],
    )


def looked_at(conn, sn: str, ago: timedelta) -> None:
    conn.execute(
        "insert into ops.sync_logs (task_id, run_id, shop_id, stream, item_key, status, logged_at)"
        " values (%s, 'r', 1, 'orders', %s, 'ok', %s)",
        [uuid.uuid4(), sn, NOW - ago],
    )


def due(conn, limit: int = 100) -> list[str]:
    return [one.parent_order_sn for one in due_orders(conn, now=NOW, limit=limit)]


def test_orders_to_ship_within_a_day_are_due_the_most_urgent_first(conn):
    land(conn, "PO-late", 2, expectShipLatestTime=-2 * HOUR)
    land(conn, "PO-soon", 2, expectShipLatestTime=20 * HOUR)
    land(conn, "PO-partly", 41, expectShipLatestTime=5 * HOUR)
    land(conn, "PO-later", 2, expectShipLatestTime=30 * HOUR)
    land(conn, "PO-long-ago", 2, expectShipLatestTime=timedelta(days=-9))
    land(conn, "PO-shipped", 4, expectShipLatestTime=5 * HOUR)
    land(conn, "PO-inactive", 2, shop=2, expectShipLatestTime=5 * HOUR)
    assert due(conn) == ["PO-late", "PO-partly", "PO-soon"]
    assert due(conn, limit=1) == ["PO-late"]


def test_an_order_to_ship_is_due_again_after_some_minutes(conn):
    land(conn, "PO-1", 2, expectShipLatestTime=HOUR)
    looked_at(conn, "PO-1", 3 * MINUTE)
    assert due(conn) == []
    conn.execute("update ops.sync_logs set logged_at = logged_at - interval '6 minutes'")
    assert due(conn) == ["PO-1"]
    conn.execute("update raw_temu.orders set loaded_at = %s", [NOW - MINUTE])
    assert due(conn) == []


def test_an_order_on_its_way_is_due_once_an_hour_before_its_promise(conn):
    land(conn, "PO-tomorrow", 4, latestDeliveryTime=24 * HOUR)
    land(conn, "PO-now", 4, latestDeliveryTime=HOUR / 2)
    land(conn, "PO-passed", 51, latestDeliveryTime=-24 * HOUR)
    assert due(conn) == ["PO-passed", "PO-now"]
    looked_at(conn, "PO-now", 10 * MINUTE)
    looked_at(conn, "PO-passed", 23 * HOUR)
    assert due(conn) == []


def test_what_is_no_instant_is_no_deadline(conn):
    land(conn, "PO-1", 2)
    conn.execute('update raw_temu.orders set payload = \'{"parentOrderMap": {"expectShipLatestTime": "soon"}}\'')
    assert due(conn) == []
