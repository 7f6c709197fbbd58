"""The ledger of a real load and a real build: it balances, and each kind of disturbance gets its own cause."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from dagster import AssetCheckSeverity, DagsterInstance
from dbt.cli.main import dbtRunner
from pydantic import SecretStr
from typer.testing import CliRunner

from connectors.completeness.days import business_day
from connectors.completeness.ledger import Cause, Entry
from connectors.secrets import SecretBox
from connectors.settings import Settings
from connectors.shops import NewShop, ShopCredentials, add_shop
from connectors.sync import SyncFailure, recount, sync_shops
from orchestration.cli.app import app
from orchestration.transform.definitions import build_defs
from orchestration.transform.ledger_counts import read_ledger
from tests.dbt_places import dbt_places
from tests.orchestration.conftest import CALLS_PER_SECOND, PLAIN

STREAMS = ["orders", "after_sales", "order_amounts", "order_details"]
NEEDED = ["+fct_order_lines_costed", "+dq_quarantined_rows", "+int_refunds__deduplicated"]
TODAY = business_day(datetime.now(UTC))
FIRST, LAST = TODAY - timedelta(days=10), TODAY + timedelta(days=1)


@dataclass(frozen=True)
class Built:
    """A database that was loaded, counted and built, and the settings to open its shops with."""

    url: str
    settings: Settings

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def ledger(self) -> list[Entry]:
        return read_ledger(self.url, first=FIRST, last=LAST)

    def line(self, stream: str, shop_id: int, day: object) -> Entry:
        return next(one for one in self.ledger() if (one.stream, one.shop_id, one.day) == (stream, shop_id, day))


@pytest.fixture(scope="module")
def loaded(postgres_server, gateway_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The gateway's shops, the second as a rehearsal shop; everything read, counted and built once."""
    url = postgres_server.create_database()
    folder = tmp_path_factory.mktemp("ledger")
    settings = postgres_server.settings_for(url, folder / "data", history_days=6)
    offers = httpx.get(f"{gateway_url}/sandbox/shops", timeout=30).raise_for_status().json()
    with psycopg.connect(url) as connection:
        box = SecretBox.open(settings)
        for number, offer in enumerate(offers):
            sealed = ShopCredentials(SecretStr(offer["app_secret"]), SecretStr(offer["access_token"]))
            environment = "sandbox" if number == 1 else "production"
            plain = {name: offer[name] for name in PLAIN}
            add_shop(connection, box, NewShop(**plain, credentials=sealed, environment=environment))
            connection.execute(
                "insert into ops.app_quota (app_key, calls_per_second) values (%s, %s) on conflict do nothing",
                [offer["app_key"], CALLS_PER_SECOND],
            )
    outcomes = sync_shops(
        url, settings=settings, shops=None, streams=STREAMS, window=None, run_id="load", on_event=lambda _event: None
    )
    assert [one for one in outcomes if isinstance(one, SyncFailure)] == []
    first, last = TODAY - timedelta(days=3), TODAY - timedelta(days=1)
    recount(url, settings=settings, shops=None, first=first, last=last, run_id="count")
    # As if it had been loaded an hour ago: what comes after the build is told by its time.
    with psycopg.connect(url) as connection:
        connection.execute("update raw_temu.orders set loaded_at = now() - interval '1 hour'")
        connection.execute("update raw_temu.after_sales set loaded_at = now() - interval '1 hour'")
    _dbt_build(url, folder)
    yield Built(url, settings)
    postgres_server.drop_database(url)


def _dbt_build(url: str, folder: Path) -> None:
    os.environ["OMNI_DATABASE_URL"], before = url, os.environ.get("OMNI_DATABASE_URL")
    try:
        kinds = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
        outcome = dbtRunner().invoke(["build", "--select", *NEEDED, *kinds, *dbt_places(folder / "dbt")])
        assert outcome.success, outcome.exception or outcome.result
    finally:
        os.environ.pop("OMNI_DATABASE_URL")
        if before is not None:
            os.environ["OMNI_DATABASE_URL"] = before


@pytest.fixture
def built(postgres_server, loaded: Built, tmp_path: Path) -> Iterator[Built]:
    """A copy of the loaded database for one test."""
    url = postgres_server.create_database(template=loaded.url.split("?")[0].rpartition("/")[2])
    yield Built(url, postgres_server.settings_for(url, tmp_path / "data", history_days=6))
    postgres_server.drop_database(url)


@pytest.fixture
def an_order(built: Built) -> tuple[str, int, object]:
    """Number, shop and day of an order that the platform counted."""
    [(sn, shop, day)] = built.execute(
        "select parent_order_sn, o.shop_id, c.order_date from raw_temu.orders o join ops.platform_order_counts c"
        " on c.shop_id = o.shop_id and c.order_date = (o.order_time at time zone 'Asia/Shanghai')::date"
        " join ops.shops s on s.id = o.shop_id where s.environment = 'production' and o.status > 3"
        " and exists (select from raw_temu.order_amounts a where a.parent_order_sn = o.parent_order_sn)"
        " order by 1 limit 1"
    )
    return str(sn), int(str(shop)), day


def test_after_a_load_a_count_and_a_build_every_line_balances(built: Built) -> None:
    lines = built.ledger()
    assert [str(one) for one in lines if not one.balances] == []
    assert {one.stream for one in lines} == {"orders", "order_amounts", "order_details"}
    orders = [one for one in lines if one.stream == "orders"]
    assert sum(one.reported or 0 for one in orders) > 0
    assert sum(one.mart or 0 for one in orders) > 0
    assert any(one.reported is None for one in orders)


def test_a_rehearsal_shop_is_staged_and_kept_out_of_the_marts_by_name(built: Built) -> None:
    [(rehearsal,)] = built.execute("select id from ops.shops where environment = 'sandbox'")
    lines = [one for one in built.ledger() if one.shop_id == rehearsal and one.stream == "orders"]
    assert sum(one.staged or 0 for one in lines) > 0
    assert sum(one.mart or 0 for one in lines) == 0
    assert {cause for one in lines for cause in one.causes} == {Cause.SANDBOX_SHOP}


def test_amounts_that_the_token_may_not_read_are_forbidden_and_not_lost(built: Built) -> None:
    lines = [one for one in built.ledger() if one.stream == "order_amounts" and Cause.FORBIDDEN in one.causes]
    assert lines
    assert all(one.landed == 0 and one.balances for one in lines)
    built.execute("update ops.sync_tasks set skipped = null")
    shops = {one.shop_id for one in lines}
    assert not any(one.balances for one in built.ledger() if one.stream == "order_amounts" and one.shop_id in shops)


def test_a_case_is_followed_to_staging(built: Built) -> None:
    built.execute(
        "insert into raw_temu.after_sales (shop_id, parent_after_sales_sn, source_updated_at, payload, payload_hash,"
        " run_id) select min(id), 'PAS-1', now() - interval '1 day', '{}', '', 'r' from ops.shops"
    )
    [late] = [one for one in built.ledger() if one.stream == "after_sales"]
    assert (late.landed, late.staged, late.causes) == (1, 0, {Cause.LATE_ARRIVAL: 1})
    built.execute("update raw_temu.after_sales set loaded_at = now() - interval '1 hour'")
    [lost] = [one for one in built.ledger() if one.stream == "after_sales"]
    assert lost.unexplained == 1
    built.execute(
        "insert into intermediate.int_refunds__deduplicated (shop_id, refund_sn) select min(id), 'PAS-1' from ops.shops"
    )
    [staged] = [one for one in built.ledger() if one.stream == "after_sales"]
    assert (staged.staged, staged.balances) == (1, True)


def test_an_order_lost_after_the_count_is_unexplained_twice(built: Built, an_order) -> None:
    sn, shop, day = an_order
    built.execute("delete from raw_temu.orders where parent_order_sn = %s", sn)
    line = built.line("orders", shop, day)
    assert line.reported == line.landed + 1
    assert (line.strays, line.unexplained) == (1, 2)


def test_an_open_letter_explains_what_is_missing(built: Built, an_order) -> None:
    sn, shop, day = an_order
    [(payload,)] = built.execute("select payload::text from raw_temu.orders where parent_order_sn = %s", sn)
    built.execute("delete from raw_temu.orders where parent_order_sn = %s", sn)
    built.execute("delete from marts.fct_order_lines_costed where parent_key = %s", sn)
    built.execute(
        "insert into ops.dead_letters (shop_id, stream, reason_code, payload, payload_hash, run_id, entity, record_key)"
        " values (%s, 'orders', 'missing', %s, 'x', 'r', 'orders', %s)",
        shop,
        payload,
        sn,
    )
    line = built.line("orders", shop, day)
    assert (line.set_aside, line.causes, line.balances) == (1, {Cause.DEAD_LETTER: 1}, True)
    built.execute("update ops.dead_letters set resolved_at = now()")
    assert built.line("orders", shop, day).unexplained == 1


def _copy_of(built: Built, sn: str, *, payload: str = "payload") -> None:
    built.execute(
        "insert into raw_temu.orders (shop_id, parent_order_sn, status, order_time, source_updated_at, payload,"
        f" payload_hash, run_id) select shop_id, 'PO-000-1', status, order_time, source_updated_at, {payload}, '', 'r'"
        " from raw_temu.orders where parent_order_sn = %s",
        sn,
    )


def test_an_order_that_lands_after_count_and_build_is_late_and_not_lost(built: Built, an_order) -> None:
    sn, shop, day = an_order
    _copy_of(built, sn)
    line = built.line("orders", shop, day)
    assert line.causes == {Cause.AFTER_COUNT: 1, Cause.LATE_ARRIVAL: 1}
    assert line.balances
    built.execute("update raw_temu.orders set loaded_at = now() - interval '1 hour' where parent_order_sn = 'PO-000-1'")
    assert built.line("orders", shop, day).unexplained == 2


def test_an_order_without_lines_is_named_as_such(built: Built, an_order) -> None:
    sn, shop, day = an_order
    _copy_of(built, sn, payload="jsonb_set(payload, '{orderList}', '[]')")
    built.execute("update raw_temu.orders set loaded_at = now() - interval '1 hour' where parent_order_sn = 'PO-000-1'")
    assert built.line("orders", shop, day).causes == {Cause.NO_LINES: 1}


def test_an_order_that_the_marts_dropped_is_unexplained(built: Built, an_order) -> None:
    sn, shop, day = an_order
    built.execute("delete from marts.fct_order_lines_costed where parent_key = %s", sn)
    assert built.line("orders", shop, day).unexplained == 1


def test_a_lost_amount_is_unexplained_until_it_is_known_to_be_not_ready(built: Built, an_order) -> None:
    sn, shop, day = an_order
    built.execute("delete from raw_temu.order_amounts where parent_order_sn = %s", sn)
    # Whether the platform was still computing some other amount depends on the minute of the load.
    built.execute("update ops.sync_tasks set rows_not_ready = 0 where stream = 'order_amounts'")
    before = built.line("order_amounts", shop, day)
    built.execute("update ops.sync_tasks set rows_not_ready = rows_not_ready + 1 where stream = 'order_amounts'")
    after = built.line("order_amounts", shop, day)
    assert (before.unexplained, after.unexplained) == (1, 0)
    assert after.causes == {Cause.NOT_READY: before.causes.get(Cause.NOT_READY, 0) + 1}


def test_before_anything_was_built_the_ledger_ends_with_raw(built: Built) -> None:
    built.execute("drop schema marts cascade")
    lines = built.ledger()
    assert lines
    assert all(one.staged is None and one.mart is None and one.balances for one in lines)


@pytest.fixture
def check(built: Built, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    """Runs the ledger's job in Dagster and gives its verdict."""
    monkeypatch.setenv("OMNI_DATABASE_URL", built.url)
    monkeypatch.setenv("OMNI_DATA_DIR", str(built.settings.data_dir))

    def run() -> object:
        job = build_defs(Path("absent.json")).resolve_job_def("check_ledger")
        with DagsterInstance.ephemeral() as instance:
            [verdict] = job.execute_in_process(instance=instance).get_asset_check_evaluations()
        return verdict

    return run


def test_the_check_fails_on_what_is_unexplained_and_shows_it_as_a_table(built: Built, an_order, check) -> None:
    assert check().passed
    built.execute("delete from raw_temu.orders where parent_order_sn = %s", an_order[0])
    verdict = check()
    assert (verdict.passed, verdict.severity) == (False, AssetCheckSeverity.ERROR)
    assert "2 unexplained" in str(verdict.description)
    worst = verdict.metadata["lines"].value.records[0].data
    assert (worst["stream"], worst["day"], worst["unexplained"]) == ("orders", str(an_order[2]), 2)


def test_the_command_shows_one_day_and_its_exit_code_tells(built: Built, an_order, check) -> None:
    words = ["ledger", "--day", str(an_order[2]), "--shop", str(an_order[1])]
    fine = CliRunner().invoke(app, words)
    assert (fine.exit_code, "orders" in fine.output) == (0, True)
    built.execute("delete from raw_temu.orders where parent_order_sn = %s", an_order[0])
    assert CliRunner().invoke(app, words).exit_code == 1


def test_a_shipped_order_wants_its_detail_though_its_parcels_were_told(built: Built) -> None:
    [(sn, shop)] = built.execute("select parent_order_sn, shop_id from raw_temu.order_details order by 1 limit 1")
    built.execute(
        "insert into raw_temu.shipments (shop_id, order_sn, parent_order_sn, source_updated_at, payload, payload_hash,"
        """ run_id) values (%s, 'a line', %s, now(), '{"shipmentInfoDTO": [{"packageSn": "PK-1"}]}', 'h', 'r')""",
        shop,
        sn,
    )
    assert [str(one) for one in built.ledger() if not one.balances] == []
    built.execute("delete from raw_temu.order_details where parent_order_sn = %s", sn)
    lost = [one for one in built.ledger() if not one.balances]
    assert [(one.stream, one.shop_id) for one in lost] == [("order_details", shop)]
