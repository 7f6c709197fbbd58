"""Rules of the data-quality chapter that are queries of their own: which rows break them."""

from __future__ import annotations

import pytest

from tests.dbt_project.conftest import Warehouse

AS_OF = ("--vars", "{as_of_date: '2026-03-31'}")
LINES = "shop_id bigint, parent_key text, order_line_key text, order_sn text, status text, order_date date"


@pytest.fixture
def marts(warehouse: Warehouse) -> Warehouse:
    """Nothing but the columns that the rules read."""
    warehouse.execute("create schema marts")
    warehouse.execute("create schema intermediate")
    warehouse.execute(f"create table marts.fct_order_lines_costed ({LINES})")
    warehouse.execute("create table marts.fct_collections (shop_id bigint)")
    warehouse.execute(
        "create table intermediate.int_settlements__by_parent"
        " (shop_id bigint, parent_key text, settlement_lines bigint, revenue_cny numeric)"
    )
    return warehouse


def found_by(warehouse: Warehouse, rule: str) -> tuple[str, int]:
    """Verdict of a rule that warns, and how many rows break it."""
    [result] = [one for one in warehouse.dbt("test", "--select", rule, *AS_OF) if one.node.name == rule]
    return str(result.status), result.failures


@pytest.mark.parametrize(("unknown", "verdict"), [(1, ("pass", 0)), (2, ("warn", 2))])
def test_half_a_percent_of_lines_may_have_a_status_that_nobody_mapped(
    marts: Warehouse, unknown: int, verdict: tuple[str, int]
) -> None:
    marts.execute(
        "insert into marts.fct_order_lines_costed (status, order_date)"
        f" select case when number <= {unknown} then 'unknown' else 'paid' end, '2026-03-31'"
        " from generate_series(1, 200) as numbers (number)"
    )
    marts.execute(
        "insert into marts.fct_order_lines_costed (status, order_date) values ('unknown', '2026-03-01')"  # long ago
    )
    assert found_by(marts, "w_lines_have_a_known_status") == verdict


def test_money_for_an_order_that_was_only_ever_cancelled_is_an_error(marts: Warehouse) -> None:
    marts.execute(
        "insert into marts.fct_order_lines_costed (shop_id, parent_key, status)"
        " values (1, 'cancelled', 'cancelled'), (1, 'cancelled', 'cancelled'), (1, 'partly', 'cancelled'),"
        " (1, 'partly', 'paid'), (1, 'reversed', 'cancelled')"
    )
    marts.execute(
        "insert into intermediate.int_settlements__by_parent values (1, 'partly', 1, 9), (1, 'reversed', 2, 0),"
        " (2, 'cancelled', 1, 9), (1, '', 1, 9)"
    )
    rule = "e_cancelled_parents_collect_nothing"
    assert found_by(marts, rule) == ("pass", 0)
    marts.execute("insert into intermediate.int_settlements__by_parent values (1, 'cancelled', 1, 0.01)")
    with pytest.raises(AssertionError, match=f"{rule}: Got 1 result"):
        found_by(marts, rule)
