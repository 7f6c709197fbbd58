"""The whole house, looked at from the outside while it runs: real gateway, Postgres, Dagster, dbt and Superset."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest

from orchestration.launch import Cells, DagsterClient
from orchestration.names import BUILD_MARTS, INGEST_ORDERS, INGEST_PRODUCTS
from tests.demo_stack import DemoStack

pytestmark = pytest.mark.services

READ_UNTIL = """
    select s.temu_shop_id, max(t.window_end)
    from ops.sync_tasks t join ops.shops s on s.id = t.shop_id
    where t.stream = 'orders' and t.status = 'completed' and t.mode = 'live'
        and t.finished_at < (select min(_refreshed_at) from marts.mart_gmv_daily)  -- a schedule may read on meanwhile
    group by 1
"""
FIRST_WHOLE_DAY = """
    select ((min(window_start) at time zone 'Asia/Shanghai')::date + 1)::text
    from ops.sync_tasks where stream = 'orders' and status = 'completed' and mode = 'live'
"""
"""The gateway's world begins at midnight, the first load reaches back by the hour: what ended before stays out."""
MART_DAYS = """
    select s.temu_shop_id, m.order_date::text, m.orders_all, m.orders, m.order_lines, m.units_sold, m.gmv_cny
    from marts.mart_gmv_daily m join ops.shops s on s.id = m.shop_id
    where m.orders_all > 0
"""
RAW_STATE = """
    select md5(string_agg(md5(t::text), '' order by t::text))
    from (select shop_id, parent_order_sn, source_updated_at, payload_hash, payload, loaded_at from raw_temu.orders
          where shop_id = %(shop)s and source_updated_at < date_trunc('day', now())) t
"""


def rebuild(stack: DemoStack) -> None:
    """Bring tables and marts to one state: the demo's schedules may have read something since the last build."""
    client = DagsterClient(stack.dagster_url)
    for job in (INGEST_PRODUCTS, INGEST_ORDERS, BUILD_MARTS):
        result = client.run(job)
        assert result.succeeded, result.message


def truth(stack: DemoStack, shop: int, at: int) -> dict[tuple[int, str], tuple[object, ...]]:
    """What the gateway's own ledger says of one shop, as of the instant up to which we have read it."""
    answer = httpx.get(f"{stack.gateway_url}/sandbox/truth/gmv", params={"at": at}, timeout=60).raise_for_status()
    rows: list[Mapping[str, Any]] = [row for row in answer.json() if row["temu_shop_id"] == shop]
    names = ("parents_all", "orders", "order_lines", "units")
    return {(shop, str(row["order_date"])): (*(row[name] for name in names), Decimal(row["gmv_cny"])) for row in rows}


def test_orders_units_and_gmv_of_every_shop_and_day_equal_the_gateways_own_ledger_to_the_cent(
    demo_stack: DemoStack,
) -> None:
    rebuild(demo_stack)
    with psycopg.connect(demo_stack.database_url) as connection:
        read_until = connection.execute(READ_UNTIL).fetchall()
        [(first,)] = connection.execute(FIRST_WHOLE_DAY).fetchall()
        marts = {(shop, day): tuple(rest) for shop, day, *rest in connection.execute(MART_DAYS) if day >= first}
    expected: dict[tuple[int, str], tuple[object, ...]] = {}
    for shop, end in read_until:
        days = truth(demo_stack, shop, int(end.timestamp()) - 1)  # windows are half-open
        expected |= {key: figures for key, figures in days.items() if key[1] >= first}
    assert len(read_until) >= 3
    assert len(expected) > 3 * 80
    assert {key: (marts.get(key), figures) for key, figures in expected.items() if marts.get(key) != figures} == {}
    assert marts.keys() == expected.keys()


def test_reading_days_again_through_dagster_changes_nothing(demo_stack: DemoStack) -> None:
    with psycopg.connect(demo_stack.database_url, autocommit=True) as connection:
        shop, name, first, last = connection.execute(
            "select s.id, s.shop_name, min(o.source_updated_at)::date + 3, min(o.source_updated_at)::date + 6"
            " from raw_temu.orders o join ops.shops s on s.id = o.shop_id group by 1, 2 order by 1 limit 1"
        ).fetchone() or pytest.fail("no orders were loaded")
        before = connection.execute(RAW_STATE, {"shop": shop}).fetchone()
        result = DagsterClient(demo_stack.dagster_url).run(INGEST_ORDERS, cells=Cells(first, last, name, name))
        assert result.succeeded, result.message
        assert result.materialized >= 4
        assert connection.execute(RAW_STATE, {"shop": shop}).fetchone() == before


def test_superset_answers_and_dagster_knows_both_locations(demo_stack: DemoStack) -> None:
    assert httpx.get(f"{demo_stack.superset_url}/health", timeout=30).text.strip() == "OK"
    query = "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }"
    answer = httpx.post(f"{demo_stack.dagster_url}/graphql", json={"query": query}, timeout=30).json()
    entries = answer["data"]["workspaceOrError"]["locationEntries"]
    assert {(one["name"], one["loadStatus"]) for one in entries} == {("ingest", "LOADED"), ("transform", "LOADED")}
