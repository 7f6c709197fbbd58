"""Great Expectations on raw and staged rows: which breaches block the marts, which only warn; clean data pass."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

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
from dbt.cli.main import dbtRunner

from orchestration.resources import Warehouse
from orchestration.transform.checks import CHECKED_TABLES, build_raw_checks, rules_of, verdict_key
from orchestration.transform.jobs import check_raw
from orchestration.transform.staging import ensure_staging
from orchestration.transform.suites import SUITES, E, W
from tests.dbt_places import dbt_places

Sql = Callable[..., None]


@pytest.fixture(scope="module")
def staged_template(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database in which the step has once built the staging views by itself, and the manifest that it built from."""
    folder = tmp_path_factory.mktemp("parsed")
    url = postgres_server.create_database()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMNI_DATABASE_URL", url)
        environment.setenv("OMNI_DATA_DIR", str(folder / "data"))
        environment.setenv("OMNI_DBT_MANIFEST", str(folder / "manifest.json"))
        assert dbtRunner().invoke(["parse", *dbt_places(folder)]).success
        ensure_staging(Warehouse())
    yield url.rpartition("/")[2], folder / "manifest.json"
    postgres_server.drop_database(url)


@pytest.fixture
def database_url(postgres_server: Any, staged_template: tuple[str, Path]) -> Iterator[str]:
    url = postgres_server.create_database(template=staged_template[0])
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def warehouse(
    database_url: str, staged_template: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Warehouse:
    monkeypatch.setenv("OMNI_DATABASE_URL", database_url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OMNI_DBT_MANIFEST", str(staged_template[1]))
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
    execute("update ops.shops set default_manager = 'kim'")
    execute(
        "insert into raw_files.fx_rates values ('USD', 'CNY', 7, '2022-01-01', null, 'f', 'h', 1, now(), 'r'),"
        " ('USD', 'CNY', 7.1, current_date, null, 'f', 'h', 2, now(), 'r')"
    )
    return execute


def put_order(sql: Sql, sn: str = "PO-1", *, ahead: timedelta = timedelta(0)) -> None:
    sql(
        "insert into raw_temu.orders"
        " (shop_id, parent_order_sn, status, order_time, source_updated_at, payload, payload_hash, run_id)"
        " select id, %s, 2, now() + least(%s, interval '0'), now() + %s, '{}', '', 'r' from ops.shops",
        sn,
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


def broken_on_orders(database_url: str) -> dict[str, AssetCheckSeverity]:
    """The rules on orders that do not hold, with their severity; no other suite is run."""
    from orchestration.transform.expectations import validate

    found = validate(database_url, [suite for suite in SUITES if suite.table == "orders"])
    severity = {rule.words: rule.severity for which in (E, W) for _, rule in rules_of("orders", which)}
    assert {words for _, words in found} == severity.keys()
    return {words: severity[words] for (_, words), outcome in found.items() if not outcome.passed}


def test_empty_and_clean_tables_pass_every_check(warehouse: Warehouse, sql: Sql) -> None:
    every_check = {(table, "can_be_trusted") for table in CHECKED_TABLES if rules_of(table, E)}
    every_check |= {(table, "looks_usual") for table in CHECKED_TABLES if rules_of(table, W)}
    empty = outcomes(warehouse)
    put_order(sql)
    clean = outcomes(warehouse)
    for found in (empty, clean):
        assert {key for key, (passed, _) in found.items() if passed} == every_check


def test_an_update_time_from_the_future_is_an_error_and_an_order_without_a_time_a_warning(
    warehouse: Warehouse, sql: Sql
) -> None:
    put_order(sql, ahead=timedelta(days=2))
    sql("update raw_temu.orders set order_time = null")
    found = outcomes(warehouse)
    assert found["orders", "can_be_trusted"] == (False, AssetCheckSeverity.ERROR)
    assert found["orders", "looks_usual"] == (False, AssetCheckSeverity.WARN)
    assert found["after_sales", "can_be_trusted"][0]


def test_a_rehearsal_gateway_may_be_ahead_of_our_clock(database_url: str, sql: Sql) -> None:
    sql("update ops.shops set gateway_url = 'http://127.0.0.1:1/US/openapi/router'")
    put_order(sql, ahead=timedelta(days=20))
    assert E not in broken_on_orders(database_url).values()


@pytest.mark.parametrize(
    ("usual", "newest", "unremarkable"), [(12, 4, False), (12, 30, False), (12, 9, True), (6, 2, True)]
)
def test_a_day_with_less_than_half_or_more_than_double_of_its_weekday_warns(
    database_url: str, sql: Sql, usual: int, newest: int, unremarkable: bool
) -> None:
    for weeks_ago, orders in ((2, usual), (1, usual), (0, newest)):
        for number in range(orders):
            put_order(sql, f"PO-{weeks_ago}-{number}", ahead=timedelta(days=-1 - 7 * weeks_ago))
    put_order(sql, "PO-today")
    unusual = {"the last whole day brought 50–200 % of what its weekday usually brings": W}
    assert broken_on_orders(database_url) == ({} if unremarkable else unusual)


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


def kept(database_url: str, check_name: str) -> list[tuple[Any, ...]]:
    query = "select severity, status, failed_rows, sample_keys, owner from ops.check_results where check_name = %s"
    with psycopg.connect(database_url) as conn:
        return conn.execute(query, [check_name]).fetchall()


def test_verdicts_are_kept_with_the_keys_of_some_broken_rows_and_pages_show_them(
    warehouse: Warehouse, sql: Sql, database_url: str, tmp_path: Path
) -> None:
    put_order(sql, "PO-odd")
    sql("update raw_temu.orders set order_time = null")
    outcomes(warehouse)
    timeless = "orders: the platform says when the order was placed"
    assert kept(database_url, timeless) == [("W", "failed", 1, ["1/PO-odd"], "sales")]
    assert [row[:3] for row in kept(database_url, "orders: the order number is not empty")] == [("E", "passed", 0)]
    assert "says when the order was placed" in "".join(
        page.read_text("utf-8") for page in (tmp_path / "quality").rglob("*.html") if "orders" in page.as_posix()
    )


BREACHES = """
    update ops.shops set region = 'MARS', default_manager = null;
    update raw_files.fx_rates set effective_to = current_date where row_no = 1;
    update raw_files.fx_rates set effective_from = current_date - 9 where row_no = 2;
    insert into raw_files.fee_rates values ('platform', null, 0.6, '2022-01-01', null, 'g', 'g', 1, now(), 'r');
    insert into raw_files.sales_targets values
        ('2026-01-02', 'kim', null, 'units', 5, 'g', 'g', 1, now(), 'r'),
        ('2026-01-01', 'nobody', null, 'units', 5, 'g', 'g', 2, now(), 'r');
    insert into raw_files.order_charges values (1, 'P', 'bribe', 5, 'CNY', '2026-01-01', 'g', 'g', 1, now(), 'r');
    insert into raw_files.settlement_lines values
        (1, 'S', 1, 'P', null, null, 'sales_reversal', 5, 'CNY', now(), 'another name', 'g', 1, now(), 'r');
    insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id, started_at, window_start) values
        (gen_random_uuid(), 1, 'orders', 'live', 'running', 'r', now() - interval '2 hours', now()),
        (gen_random_uuid(), 1, 'orders', 'live', 'completed', 'r', now(), now() - interval '4 days');
    insert into ops.webhook_events (event_id, event_type, received_at, processed_at, signature_ok)
        values ('e', 'order', now(), now(), false)"""
BROKEN = {
    "stg_temu__shops: the region is one of those with a time zone": "E",
    "stg_temu__shops: a shop has a default manager": "W",
    "stg_files__fx_rates: rates of a currency pair do not overlap": "E",
    "stg_files__fx_rates: the newest rate is at most 7 days old": "W",
    "stg_files__fee_rates: a fee takes between nothing and half": "E",
    "stg_files__sales_targets: a target month is named by its first day": "E",
    "stg_files__sales_targets: the manager of a target exists": "W",
    "stg_files__order_charges: the kind of a charge is known": "E",
    "order_charges: no bill file was loaded under two names": "W",
    "sync_tasks: a task ends within an hour": "W",
    "sync_tasks: a cursor never moves back": "E",
    "webhook_events: no event with a wrong signature was acted upon": "E",
}


def test_breaches_of_rules_on_staged_rows_files_and_bookkeeping_are_found_each_by_its_own_check(
    warehouse: Warehouse, sql: Sql, database_url: str
) -> None:
    for statement in BREACHES.split(";"):
        sql(statement)
    outcomes(warehouse)
    query = "select check_name, severity from ops.check_results where status = 'failed'"
    with psycopg.connect(database_url) as conn:
        assert dict(conn.execute(query).fetchall()) == BROKEN
