"""Why a published number changed: causes of random edits add up to the difference; closed months stand still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
import pytest

from connectors.errors import ConfigurationError
from connectors.postgres.months import close_month, closed_figures, parse_month
from tests.dbt_project.conftest import Warehouse
from tests.dbt_project.filling import fill_staging
from tests.dbt_project.scenarios import AS_OF, nasty_world

DAY = ("--vars", f"{{as_of_date: '{AS_OF}'}}")
CLOSED = parse_month("2025-02")
MEASURES = ("gmv_cny", "net_revenue_cny", "profit_cny")
Figures = dict[tuple[Any, ...], tuple[Decimal, ...]]

LATE_ORDERS = """
    insert into staging.stg_temu__orders
        (id, shop_id, order_sn, parent_order_sn, quantity, total_price, currency, status, order_time, updated_at)
    select id + 900000000, shop_id, order_sn || '-late', parent_order_sn || '-late', '1', '17.31', currency, 'PAID',
        order_time, updated_at
    from staging.stg_temu__orders"""


@dataclass
class History:
    """One world, built, closed in part, edited at random and built again."""

    warehouse: Warehouse
    before: Figures
    after: Figures
    months: Figures


def edits(random: Random) -> list[str]:
    """Statements that touch random rows of every relation that an amount depends on."""

    def some(parts: int) -> str:
        return f"mod(hashtext(id::text), {parts}) = {random.randrange(parts)}"

    orders = "update staging.stg_temu__orders set"
    return [
        f"{orders} total_price = (mod(abs(hashtext(id::text)), 900) / 10.0 + 1)::text where {some(5)}",
        f"{orders} quantity = '3' where {some(6)}",
        f"{orders} status = 'CANCELLED', temu_status_code = null where {some(9)}",
        f"{orders} status = 'PAID', temu_status_code = 2, quantity = '2' where {some(9)}",
        f"{orders} status = 'refunded', temu_status_code = 4 where {some(7)}",
        f"{orders} product_sku_id = null, product_sku = null where {some(7)}",
        f"{orders} order_time = order_time - interval '1 day' where {some(15)}",
        f"delete from staging.stg_temu__orders where {some(23)}",
        f"{LATE_ORDERS} where {some(11)}",
        "update staging.stg_files__fx_rates set rate = rate * 1.0173 where base_currency = 'USD'",
        "update staging.stg_files__fee_rates set rate = rate + 0.011 where mod(id, 2) = 0",
        f"update staging.stg_files__product_costs set cost_price = '7.77' where {some(3)}",
        f"delete from staging.stg_files__product_costs where {some(8)}",
        f"update staging.stg_temu__refunds set status = 'completed', refund_amount = '2.22' where {some(2)}",
        f"update staging.stg_temu__refunds set status = 'rejected' where {some(5)}",
        f"update staging.stg_files__order_charges set amount = amount + 1.01 where {some(3)}",
        f"update staging.stg_temu__products set current_price = '31.41' where {some(4)}",
    ]


def figures(warehouse: Warehouse, mart: str, period: str) -> Figures:
    rows = warehouse.rows(f"select {period}, shop_id, {', '.join(MEASURES)} from marts.{mart}")
    return {(row[period], row["shop_id"]): tuple(row[name] for name in MEASURES) for row in rows}


@pytest.fixture(scope="module")
def history(_warehouse: Warehouse) -> Iterator[History]:
    warehouse = _warehouse
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMNI_DATABASE_URL", warehouse.url)
        warehouse.empty()
        fill_staging(warehouse.url, nasty_world(seed=7, parents=700))
        warehouse.build_marts(*DAY, "--exclude-resource-type", "test")  # what comes of the edits is tested
        before = figures(warehouse, "mart_gmv_daily", "order_date")
        months = figures(warehouse, "mart_gmv_monthly", "month_start")
        with psycopg.connect(warehouse.url) as connection:
            close_month(connection, CLOSED)
        warehouse.execute("insert into staging.stg_temu__month_closings select * from ops.month_closings")
        for statement in edits(Random(11)):  # noqa: S311 - reproducible edits
            warehouse.execute(statement)
        warehouse.build_marts(*DAY, breaks="e_cancelled_parents_collect_nothing")  # as random settlements do
        yield History(warehouse, before, figures(warehouse, "mart_gmv_daily", "order_date"), months)
    warehouse.execute("truncate ops.month_closings")


def test_the_causes_of_a_day_add_up_to_its_difference_to_the_cent(history: History) -> None:
    deltas = ", ".join(f"sum({name.removesuffix('_cny')}_delta_cny) as {name}" for name in MEASURES)
    rows = history.warehouse.rows(
        f"select order_date, shop_id, {deltas} from marts.mart_restatements group by order_date, shop_id"
    )
    explained = {(r["order_date"], r["shop_id"]): tuple(r[name] for name in MEASURES) for r in rows}
    nothing = (Decimal(0),) * 3
    first_days = {shop: min(day for day, one in history.before if one == shop) for _, shop in history.before}
    published = [k for k in history.before | history.after if k[0] <= AS_OF and k[0] >= first_days.get(k[1], AS_OF)]
    wrong = {}
    for key in published:
        old, new = history.before.get(key, nothing), history.after.get(key, nothing)
        difference = tuple(b - a for a, b in zip(old, new, strict=True))
        if difference != explained.get(key, nothing):
            wrong[key] = (difference, explained.get(key))
    assert wrong == {}
    assert len(explained) > 50


def test_every_cause_was_met(history: History) -> None:
    causes = {row["cause"] for row in history.warehouse.rows("select distinct cause from marts.mart_restatements")}
    assert causes == {
        "late_order", "removed", "day_moved", "status_change", "re_match", "amount", "fx", "refund", "cost_edit",
        "fee_rate", "charge",
    }  # fmt: skip


def test_the_numbers_of_a_closed_month_do_not_move_and_later_changes_are_adjustments(history: History) -> None:
    closings = history.warehouse.rows("select * from marts.mart_month_closings")
    today = figures(history.warehouse, "mart_gmv_monthly", "month_start")
    assert closings
    for row in closings:
        key = (row["month_start"], row["shop_id"])
        closed = tuple(row[f"closed_{name}"] for name in MEASURES)
        current = tuple(row[f"current_{name}"] for name in MEASURES)
        assert closed == history.months[key]
        assert current == today[key]
    assert any(row["adjustment_gmv_cny"] for row in closings)


def test_closing_a_month_again_changes_nothing_and_an_unfinished_month_is_refused(history: History) -> None:
    with psycopg.connect(history.warehouse.url) as connection:
        first = closed_figures(connection, CLOSED)
        assert close_month(connection, CLOSED) == first
        with pytest.raises(ConfigurationError, match="2025-04 cannot be closed: it is not complete"):
            close_month(connection, parse_month("2025-04"))


def test_a_build_without_edits_restates_nothing(history: History) -> None:
    count = "select count(*) as n, max(restated_at) as last from marts.mart_restatements"
    once = history.warehouse.rows(count)
    history.warehouse.dbt(
        "build", "--select", "int_order_lines__published+", "--exclude-resource-type", "unit_test", *DAY
    )
    assert history.warehouse.rows(count) == once


@pytest.mark.parametrize("text", ["2026", "2026-13", "October", "2026-1"])
def test_what_is_no_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigurationError, match="such as 2026-10"):
        parse_month(text)
