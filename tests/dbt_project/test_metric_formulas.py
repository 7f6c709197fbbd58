"""The formulas of the metric contract divide sums of the same rows: evaluated by Postgres over rows made by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from orchestration.dictionary.contract import read_contract

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def connection(postgres_server: Any) -> Any:
    with psycopg.connect(postgres_server.url) as opened:
        yield opened


def value(
    connection: psycopg.Connection[Any], metric: str, columns: str, rows: Rows, dataset: str = ""
) -> Decimal | None:
    """The metric over these rows, as `dataset` computes it; `columns` names and types them."""
    names = [column.split()[0] for column in columns.split(", ")]
    marks = [sql.SQL("%s::" + column.split()[1]) for column in columns.split(", ")]
    row = sql.SQL("({})").format(sql.SQL(", ").join(marks))
    query = sql.SQL("select {} from (values {}) as dataset ({})").format(
        sql.SQL(read_contract().metrics[metric].expression(dataset)),
        sql.SQL(", ").join([row] * len(rows)),
        sql.SQL(", ").join(map(sql.Identifier, names)),
    )
    [(found,)] = connection.execute(query, [cell for one in rows for cell in one]).fetchall()
    return None if found is None else round(found, 4)


def test_6_5_profit_rate_divides_by_the_revenue_of_the_parents_whose_profit_counts(connection: Any) -> None:
    columns = "profit_cny numeric, revenue_cny numeric"
    costed, uncosted, reversed_ = (63, 146), (None, 100), (Decimal("-43.50"), 0)
    assert value(connection, "profit_rate", columns, [costed, uncosted, reversed_]) == Decimal("0.4315")
    assert value(connection, "profit_rate", columns, [uncosted, reversed_]) is None


def test_6_9_lift_leaves_out_activities_with_fewer_than_14_baseline_days(connection: Any) -> None:
    columns = "units_sold bigint, baseline_units bigint, days integer, baseline_days integer"
    judged, too_young, without_history, planned = (36, 140, 4, 28), (50, 13, 4, 13), (90, 0, 4, 0), (None, 140, 0, 28)
    assert value(connection, "lift", columns, [judged, too_young, without_history, planned]) == Decimal("0.8000")
    assert value(connection, "lift", columns, [too_young, without_history, planned]) is None


def test_6_9_roi_divides_profit_by_the_cost_of_the_same_activities(connection: Any) -> None:
    columns = "incremental_profit_cny numeric, activity_cost_cny numeric"
    both, without_cost, free, without_profit = (30, 24), (500, None), (70, 0), (None, 100)
    assert value(connection, "activity_roi", columns, [both, without_cost, free, without_profit]) == Decimal("1.2500")
    assert value(connection, "activity_roi", columns, [without_cost, free, without_profit]) is None


def test_6_4_achievement_counts_the_gmv_of_managers_with_a_target_only(connection: Any) -> None:
    columns = "gmv_cny numeric, target_gmv_cny numeric"
    kim, lee, nil = (5000, 4000), (5000, None), (100, 0)
    assert value(connection, "achievement", columns, [kim, lee, nil]) == Decimal("1.2500")
    assert value(connection, "achievement", columns, [lee, nil]) is None


def test_6_2_growth_counts_what_a_shop_without_sales_now_sold_a_year_ago(connection: Any) -> None:
    columns = "gmv_cny numeric, gmv_prev_year_cny numeric, gmv_yoy numeric, is_complete boolean"
    half, fallen_silent, new = (50, 100, Decimal("-0.5"), True), (0, 100, -1, True), (70, None, None, True)
    assert value(connection, "growth_yoy", columns, [half, fallen_silent, new]) == Decimal("-0.7500")
    assert value(connection, "growth_yoy", columns, [new]) is None


def test_6_2_growth_compares_no_month_that_is_not_over(connection: Any) -> None:
    columns = (
        "gmv_cny numeric, gmv_prev_year_cny numeric, gmv_prev numeric, is_prev_partial boolean, is_complete boolean"
    )
    over, running = (150, 100, 120, False, True), (10, 100, 150, False, False)
    assert value(connection, "growth_yoy", columns, [over, running]) == Decimal("0.5000")
    assert value(connection, "growth_yoy", columns, [running]) is None
    assert value(connection, "growth_mom", columns, [over, running], "mart_gmv_monthly") == Decimal("0.2500")
    assert value(connection, "growth_mom", columns, [running], "mart_gmv_monthly") is None
