"""The ledger of a real load and a real build: it balances, and each kind of disturbance gets its own cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import AssetCheckSeverity, DagsterInstance
from typer.testing import CliRunner

from connectors.completeness.ledger import Cause
from orchestration.cli.app import app
from orchestration.transform.definitions import build_defs
from orchestration.transform.ledger_store import keep_ledger
from tests.orchestration.transform.conftest import FIRST, LAST, STREAMS, Built


def test_after_a_load_a_count_and_a_build_every_line_balances(built: Built) -> None:
    lines = built.ledger()
    assert [str(one) for one in lines if not one.balances] == []
    assert {one.stream for one in lines} >= {"orders", "order_lines", *STREAMS} - {"after_sales"}
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


def test_a_case_is_followed_to_staging(built: Built) -> None:
    built.execute(
        "insert into raw_temu.after_sales (shop_id, parent_after_sales_sn, source_updated_at, payload, payload_hash,"
        " run_id) select min(id), 'PAS-1', now() - interval '1 day', '{}', '', 'r' from ops.shops"
    )
    [late] = [one for one in built.ledger() if one.stream == "after_sales" and one.landed]
    assert (late.landed, late.staged, late.causes) == (1, 0, {Cause.LATE_ARRIVAL: 1})
    built.execute("update raw_temu.after_sales set loaded_at = now() - interval '1 hour'")
    [lost] = [one for one in built.ledger() if one.stream == "after_sales" and one.landed]
    assert lost.unexplained == 1
    built.execute(
        "insert into intermediate.int_refunds__deduplicated (shop_id, refund_sn) select min(id), 'PAS-1' from ops.shops"
    )
    [staged] = [one for one in built.ledger() if one.stream == "after_sales" and one.landed]
    assert (staged.staged, staged.mart, staged.causes) == (1, 0, {Cause.NOT_COMPLETED: 1})
    built.execute("update intermediate.int_refunds__deduplicated set status = 'completed' where refund_sn = 'PAS-1'")
    [dropped] = [one for one in built.ledger() if one.stream == "after_sales" and one.landed]
    assert dropped.unexplained == 1
    built.execute(
        "insert into intermediate.int_refunds__attached (shop_id, refund_sn, quarantine_reason)"
        " select min(id), 'PAS-1', 'refund_unallocated' from ops.shops"
    )
    [unallocated] = [one for one in built.ledger() if one.stream == "after_sales" and one.landed]
    assert unallocated.causes == {Cause.REFUND_UNALLOCATED: 1}


def test_a_case_that_the_platform_counts_and_that_never_landed_is_unexplained_until_it_is_set_aside(
    built: Built,
) -> None:
    [(shop, day, opened)] = built.execute(
        "update ops.platform_counts set reported = 1 where stream = 'after_sales' and shop_id = (select min(id) from"
        " ops.shops) and day = (select max(day) from ops.platform_counts) returning shop_id, day,"
        " extract(epoch from (day + time '12:00') at time zone 'Asia/Shanghai')::bigint"
    )
    missing = built.line("after_sales", int(str(shop)), day)
    assert (missing.reported, missing.landed, missing.unexplained) == (1, 0, 1)
    built.execute(
        "insert into ops.dead_letters (shop_id, stream, entity, reason_code, payload, payload_hash, run_id)"
        " values (%s, 'after_sales', 'after_sales', 'retyped', %s, '', 'r')",
        shop,
        f'{{"createAt": {opened}, "updateAt": "soon"}}',
    )
    aside = built.line("after_sales", int(str(shop)), day)
    assert (aside.unexplained, aside.causes) == (0, {Cause.DEAD_LETTER: 1})


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


def test_an_order_that_has_only_changed_since_the_count_explains_no_surplus(built: Built, an_order) -> None:
    sn, shop, day = an_order
    built.execute("update ops.platform_counts set reported = reported - 1 where stream = 'orders' and day = %s", day)
    built.execute("update raw_temu.orders set loaded_at = now() where parent_order_sn = %s", sn)
    assert built.line("orders", shop, day).causes == {Cause.AFTER_COUNT: 1}
    built.execute(
        "insert into raw_temu.order_versions (shop_id, parent_order_sn, line_statuses, source_updated_at, payload_hash,"
        " loaded_at, run_id) values (%s, %s, '{}', now(), '', now() - interval '1 day', 'r')",
        shop,
        sn,
    )
    assert built.line("orders", shop, day).unexplained == 1


def test_an_order_without_lines_is_named_as_such(built: Built, an_order) -> None:
    sn, shop, day = an_order
    _copy_of(built, sn, payload="jsonb_set(payload, '{orderList}', '[]')")
    built.execute("update raw_temu.orders set loaded_at = now() - interval '1 hour' where parent_order_sn = 'PO-000-1'")
    assert built.line("orders", shop, day).causes == {Cause.NO_LINES: 1}


def test_an_order_that_the_marts_dropped_is_unexplained(built: Built, an_order) -> None:
    sn, shop, day = an_order
    built.execute("delete from marts.fct_order_lines_costed where parent_key = %s", sn)
    assert built.line("orders", shop, day).unexplained == 1


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


def test_the_lines_are_kept_once_however_often_a_build_is_counted(built: Built, check) -> None:
    kept = "select shop_id, day, stream, reported, landed, staged, mart, causes, explained, unexplained from ops.ledger"
    built.execute(
        "insert into ops.ledger (shop_id, day, stream, landed, set_aside, causes, explained, unexplained, run_id)"
        " values (1, '2020-01-01', 'orders', 1, 0, '{}', 0, 1, 'old'), (1, null, 'orders', 1, 0, '{}', 0, 1, 'old')"
    )
    check()
    once = built.execute(f"{kept} order by 1, 2, 3")
    check()
    assert built.execute(f"{kept} order by 1, 2, 3") == once
    lines = {(one.shop_id, one.day, one.stream): one for one in built.ledger()}
    told = {row[:3]: row for row in once if row[1] is None or row[1] >= FIRST}
    assert set(told) == set(lines)
    for key, line in lines.items():
        causes = {cause.name.lower(): share for cause, share in line.causes.items()}
        stages = (line.reported, line.landed, line.staged, line.mart)
        assert told[key][3:] == (*stages, causes, sum(causes.values()), line.unexplained)
    assert built.execute("select count(*) from ops.ledger where run_id = 'old'") == [(1,)], "what was before stays"


def test_the_mart_shows_the_lines_of_the_build_that_it_belongs_to(built: Built, an_order) -> None:
    sn, shop, day = an_order
    built.execute("delete from marts.fct_order_lines_costed where parent_key = %s", sn)
    assert built.execute("select count(*) from marts.mart_sync_ledger") == [(0,)]
    keep_ledger(built.url, built.ledger(), first=FIRST, last=LAST, run_id="r", build=built.build)
    shown = (
        "select stream_name, unexplained_records, causes, is_alert from marts.mart_sync_ledger"
        " where shop_id = %s and ledger_date = %s and entity = 'orders'"
    )
    assert built.execute(shown, shop, day) == [("订单 Orders", 1, None, True)]
    named = "select distinct causes from marts.mart_sync_ledger where causes like %s"
    assert built.execute(named, "%测试店铺 Sandbox shop%")
