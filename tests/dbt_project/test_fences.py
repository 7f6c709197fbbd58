"""Behind the front end Postgres itself keeps costs from operations, and everybody to their own rows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.postgres.urls import bi_reader_url

KEY = "k" * 40
LINES = """
    create table marts.fct_lines as
    select * from (values
        ('L1', 'kim', 1::bigint, 'S1', 10.00::numeric(38, 2), 3.5000::numeric(38, 4), 2.00::numeric(38, 2), 1::bigint),
        ('L2', 'lee', 2, 'S2', 20.00, 4.5000, 5.00, 0))
        as t (order_line_key, manager, shop_id, sku_code, gmv_cny, unit_cost_cny, profit_cny, uncosted_lines)
"""
RANKS = """
    create table marts.mart_hot_seller_monthly as
    select * from (values ('kim', 100.00::numeric(38, 2), 1::bigint), ('lee', 50.00, 2))
        as t (manager, gmv_cny, rank_gmv)
"""
DAYS = "create table marts.dim_date as select date '2026-03-01' as date_day"
PLACED = "create table intermediate.int_order_lines__placed (order_date date, quarantine_reason text)"
ALERTS = """
    create table marts.mart_order_alerts as
    select * from (values ('negative_margin', -3.50), ('price_outlier', 12.00)) as t (rule, observed)
"""
SCOPES = f"""
    insert into ops.bi_scopes (scope_key, kind, value, username)
    values ('{KEY}', 'manager', 'kim', 'kim'), ('{KEY}', 'shop', '2', 'owner')
"""
DAILY = "create table marts.mart_daily as select 2::bigint as shop_id, 70.00::numeric(38, 2) as profit_cny"


Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def fenced(migrated_warehouse: Any) -> Any:
    """A database with a few marts made by hand and the views before them."""
    for statement in (LINES, RANKS, DAYS, DAILY, ALERTS, "truncate ops.bi_scopes", SCOPES):
        migrated_warehouse.execute(statement)
    migrated_warehouse.dbt("run-operation", "fence_all_marts")
    return migrated_warehouse


@pytest.fixture
def ask(fenced: Any, postgres_server: Any) -> Ask:
    """Query as one of the fenced roles, with the scope key that the front end would send."""

    def query(role: str, statement: str, key: str = KEY) -> list[tuple[Any, ...]]:
        url = bi_reader_url(fenced.url, postgres_server.settings, role)
        with psycopg.connect(url, options=f"-c omni.reader={key}") as connection:
            return connection.execute(statement).fetchall()

    return query


def test_operations_see_every_line_and_no_cost_of_an_article(ask: Ask) -> None:
    query = "select order_line_key, gmv_cny, unit_cost_cny, profit_cny, uncosted_lines from marts_operations.fct_lines"
    assert ask("bi_operations", f"{query} order by 1") == [
        ("L1", Decimal(10), None, None, 1),
        ("L2", Decimal(20), None, None, 0),
    ]


def test_operations_see_the_profit_of_a_shop_and_day(ask: Ask) -> None:
    assert ask("bi_operations", "select profit_cny from marts_operations.mart_daily") == [(Decimal(70),)]


def test_operations_see_that_a_line_lost_money_and_not_how_much(ask: Ask) -> None:
    found = dict(ask("bi_operations", "select rule, observed from marts_operations.mart_order_alerts"))
    assert found == {"negative_margin": None, "price_outlier": Decimal(12)}


def test_a_manager_sees_own_lines_with_their_costs(ask: Ask) -> None:
    query = "select manager, unit_cost_cny from marts_manager.fct_lines"
    assert ask("bi_manager", query) == [("kim", Decimal("3.5"))]


def test_a_manager_sees_every_rank_and_only_own_amounts(ask: Ask) -> None:
    query = "select manager, rank_gmv, gmv_cny from marts_manager.mart_hot_seller_monthly order by rank_gmv"
    assert ask("bi_manager", query) == [("kim", 1, Decimal(100)), ("lee", 2, None)]


def test_a_shop_owner_sees_the_lines_of_own_shops(ask: Ask) -> None:
    assert ask("bi_shop_owner", "select order_line_key from marts_shop_owner.fct_lines") == [("L2",)]


@pytest.mark.parametrize("key", ["", "kim", "x" * 40])
def test_without_a_known_key_there_are_no_rows(ask: Ask, key: str) -> None:
    assert ask("bi_manager", "select from marts_manager.fct_lines", key) == []
    assert ask("bi_shop_owner", "select from marts_shop_owner.fct_lines", key) == []


def test_marts_without_a_manager_are_closed_to_managers_and_days_are_open(ask: Ask) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        ask("bi_manager", "select from marts_manager.mart_daily")
    assert len(ask("bi_manager", "select from marts_manager.dim_date")) == 1


def test_a_mart_that_is_built_anew_keeps_its_views(fenced: Any, ask: Ask) -> None:
    fenced.execute("drop table marts.dim_date cascade")
    fenced.execute("create schema if not exists intermediate")
    fenced.execute(PLACED)
    for _ in range(2):
        fenced.dbt("run", "--select", "dim_date")
        assert ask("bi_shop_owner", "select count(*) > 1 from marts_shop_owner.dim_date") == [(True,)]
