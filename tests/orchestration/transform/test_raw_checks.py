"""Great Expectations on raw tables: which breaches block the marts, which only warn, and that clean data passes."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from dagster import (
    AssetCheckSeverity,
    AssetSelection,
    DagsterInstance,
    Definitions,
    asset,
    define_asset_job,
    in_process_executor,
)

from orchestration.resources import Warehouse
from orchestration.transform.checks import CHECKED_TABLES, build_raw_checks, verdict_key
from orchestration.transform.jobs import check_raw

Sql = Callable[..., None]


@pytest.fixture
def warehouse(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    return Warehouse()


@pytest.fixture
def sql(database_url: str) -> Sql:
    def execute(statement: str, *values: object) -> None:
        with psycopg.connect(database_url) as conn:
            conn.execute(statement, values)

    execute(
        "insert into ops.shops (temu_shop_id, shop_name, region, gateway, app_key)"
        " values (634418210000001, 'Nova US', 'US', 'US', 'k')"
    )
    return execute


def put_order(sql: Sql, sn: str = "PO-1", *, status: int = 2, ahead: timedelta = timedelta(0)) -> None:
    sql(
        "insert into raw_temu.orders"
        " (shop_id, parent_order_sn, status, order_time, source_updated_at, payload, payload_hash, run_id)"
        " select id, %s, %s, now() + least(%s, interval '0'), now() + %s, '{}', '', 'r' from ops.shops",
        sn,
        status,
        ahead,
        ahead,
    )


def outcomes(warehouse: Warehouse) -> dict[tuple[str, str], tuple[bool, AssetCheckSeverity]]:
    defs = Definitions(assets=[build_raw_checks()], jobs=[check_raw], resources={"warehouse": warehouse})
    result = defs.resolve_job_def("check_raw").execute_in_process(
        instance=DagsterInstance.ephemeral(), raise_on_error=False
    )
    return {
        (one.asset_key.path[-1], one.check_name): (one.passed, one.severity)
        for one in result.get_asset_check_evaluations()
    }


def test_empty_and_clean_tables_pass_every_check(warehouse: Warehouse, sql: Sql) -> None:
    every_check = {
        *((table, "can_be_trusted") for table in CHECKED_TABLES),
        ("orders", "looks_usual"),
        ("product_snapshots", "looks_usual"),
    }
    empty = outcomes(warehouse)
    put_order(sql)
    clean = outcomes(warehouse)
    for found in (empty, clean):
        assert {key for key, (passed, _) in found.items() if passed} == every_check


def test_an_update_time_from_the_future_is_an_error_and_an_unknown_status_a_warning(
    warehouse: Warehouse, sql: Sql
) -> None:
    put_order(sql, ahead=timedelta(days=2), status=99)
    found = outcomes(warehouse)
    assert found["orders", "can_be_trusted"] == (False, AssetCheckSeverity.ERROR)
    assert found["orders", "looks_usual"] == (False, AssetCheckSeverity.WARN)
    assert found["after_sales", "can_be_trusted"][0]


def test_a_rehearsal_gateway_may_be_ahead_of_our_clock(warehouse: Warehouse, sql: Sql) -> None:
    sql("update ops.shops set gateway_url = 'http://127.0.0.1:1/US/openapi/router'")
    put_order(sql, ahead=timedelta(days=20))
    assert outcomes(warehouse)["orders", "can_be_trusted"][0]


@pytest.mark.parametrize(
    ("usual", "newest", "unremarkable"), [(12, 4, False), (12, 30, False), (12, 9, True), (6, 2, True)]
)
def test_a_day_with_less_than_half_or_more_than_double_of_its_weekday_warns(
    warehouse: Warehouse, sql: Sql, usual: int, newest: int, unremarkable: bool
) -> None:
    for weeks_ago, orders in ((2, usual), (1, usual), (0, newest)):
        for number in range(orders):
            put_order(sql, f"PO-{weeks_ago}-{number}", ahead=timedelta(days=-1 - 7 * weeks_ago))
    put_order(sql, "PO-today")
    found = outcomes(warehouse)
    assert found["orders", "looks_usual"] == (unremarkable, AssetCheckSeverity.WARN)
    assert found["orders", "can_be_trusted"][0]


@pytest.mark.parametrize(("ahead", "built"), [(timedelta(0), True), (timedelta(days=3), False)])
def test_a_broken_e_rule_stops_what_is_built_from_the_table(
    warehouse: Warehouse, sql: Sql, ahead: timedelta, built: bool
) -> None:
    put_order(sql, ahead=ahead)

    @asset(deps=[verdict_key("orders")])
    def stg_orders() -> None:
        """Stands for the models of dbt."""

    job = define_asset_job("build", selection=AssetSelection.all())
    defs = Definitions(
        assets=[stg_orders, build_raw_checks()],
        jobs=[job],
        resources={"warehouse": warehouse},
        executor=in_process_executor,
    )
    run = defs.resolve_job_def("build").execute_in_process(instance=DagsterInstance.ephemeral(), raise_on_error=False)
    assert bool(run.asset_materializations_for_node("stg_orders")) is built
    assert run.success is built
