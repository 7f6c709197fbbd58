"""The ledger's lines about answers: a missing one has the cause that was told of it by name, and no other."""

from __future__ import annotations

import pytest

from connectors.completeness.ledger import Cause
from tests.orchestration.transform.conftest import Built


def test_amounts_that_the_token_may_not_read_are_forbidden_and_not_lost(built: Built) -> None:
    lines = [one for one in built.ledger() if one.stream == "order_amounts" and Cause.FORBIDDEN in one.causes]
    assert lines
    assert all(one.landed == 0 and one.balances for one in lines)
    built.execute("delete from ops.unanswered where cause = 'forbidden'")
    shops = {one.shop_id for one in lines}
    assert not any(one.balances for one in built.ledger() if one.stream == "order_amounts" and one.shop_id in shops)


def test_a_lost_amount_is_unexplained_until_it_is_known_to_be_not_ready(built: Built, an_order) -> None:
    sn, shop, day = an_order
    for table in ("raw_temu.order_amounts", "staging.base_temu__order_line_amounts"):
        built.execute(f"delete from {table} where parent_order_sn = %s", sn)
    before = built.line("order_amounts", shop, day)
    _not_ready(built, shop, "another order")
    assert built.line("order_amounts", shop, day) == before
    _not_ready(built, shop, sn)
    after = built.line("order_amounts", shop, day)
    assert (before.unexplained, after.unexplained) == (1, 0)
    # Whether the platform was still computing some other amount depends on the minute of the load.
    assert after.causes == before.causes | {Cause.NOT_READY: before.causes.get(Cause.NOT_READY, 0) + 1}


def _not_ready(built: Built, shop: int, sn: str) -> None:
    built.execute("insert into ops.unanswered values (%s, 'order_amounts', %s, 'pending')", shop, sn)


def test_what_is_not_ready_stays_so_though_a_window_was_read_since_that_asked_about_others(
    built: Built, an_order
) -> None:
    sn, shop, day = an_order
    for table in ("raw_temu.order_amounts", "staging.base_temu__order_line_amounts"):
        built.execute(f"delete from {table} where parent_order_sn = %s", sn)
    _not_ready(built, shop, sn)
    built.execute(
        "insert into ops.sync_tasks (id, shop_id, stream, mode, status, window_start, window_end, run_id, started_at)"
        " values (gen_random_uuid(), %s, 'order_amounts', 'window', 'completed', now() - interval '9 days', now(), 'r',"
        " now())",
        shop,
    )
    line = built.line("order_amounts", shop, day)
    assert (line.balances, Cause.NOT_READY in line.causes) == (True, True)


def test_an_amount_is_awaited_while_the_run_that_landed_its_order_has_not_come_to_amounts(
    built: Built, an_order
) -> None:
    sn, shop, day = an_order
    for table in ("raw_temu.order_amounts", "staging.base_temu__order_line_amounts"):
        built.execute(f"delete from {table} where parent_order_sn = %s", sn)
    built.execute("update raw_temu.orders set run_id = 'backfill' where parent_order_sn = %s", sn)
    started = "insert into ops.sync_tasks (id, shop_id, stream, mode, status, run_id, started_at, finished_at)"
    built.execute(
        f"{started} values (gen_random_uuid(), %s, 'orders', 'window', 'running', 'backfill', now(), null)", shop
    )
    line = built.line("order_amounts", shop, day)
    assert (line.balances, Cause.NOT_ASKED in line.causes) == (True, True)
    # Once it has asked, nothing excuses what is missing, though it is still busy with other streams.
    built.execute(
        f"{started} values (gen_random_uuid(), %s, 'order_amounts', 'window', 'completed', 'backfill', now(), now())",
        shop,
    )
    assert built.line("order_amounts", shop, day).unexplained == 1


def test_an_amount_that_staging_lost_is_unexplained_and_one_without_lines_is_named(built: Built, an_order) -> None:
    sn, shop, day = an_order
    built.execute("delete from staging.base_temu__order_line_amounts where parent_order_sn = %s", sn)
    assert built.line("order_amounts", shop, day).unexplained == 1
    built.execute("update raw_temu.order_amounts set payload = '{}' where parent_order_sn = %s", sn)
    line = built.line("order_amounts", shop, day)
    assert (line.unexplained, line.causes[Cause.NO_LINES]) == (0, 1)


@pytest.mark.parametrize("stream", ["shipments", "tracking_events", "order_details"])
def test_a_lost_answer_of_any_stream_that_follows_orders_is_unexplained(built: Built, stream: str) -> None:
    if stream == "order_details":  # what staging has and raw has not is a second fault
        built.execute("truncate staging.base_temu__destinations")
        built.execute("update raw_temu.order_details set loaded_at = now()")
    built.execute(f"delete from raw_temu.{stream} where ctid = (select min(ctid) from raw_temu.{stream})")
    bad = [one for one in built.ledger() if not one.balances]
    assert [(one.stream, one.unexplained) for one in bad] == [(stream, 1)]


def test_parcels_of_orders_that_changed_before_the_stream_s_reach_were_never_asked_about(built: Built) -> None:
    built.execute("delete from raw_temu.shipments")
    assert any(one.unexplained for one in built.ledger() if one.stream == "shipments")
    built.execute("update ops.sync_tasks set window_start = window_end where stream = 'shipments'")
    lines = [one for one in built.ledger() if one.stream == "shipments"]
    assert all(one.balances for one in lines)
    assert {cause for one in lines for cause in one.causes} == {Cause.OUT_OF_REACH}


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
