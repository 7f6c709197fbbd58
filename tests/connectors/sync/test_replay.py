"""Dead letters: what is kept of a record that cannot be typed, and how it lands once when the model is mended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection
from pydantic import Field

from connectors.postgres.dead_letters import DeadLetter, close_letters, find_letters, keep_dead_letters
from connectors.records import Origin, Window
from connectors.sync import ReplayReport, replay
from connectors.sync.replay import windows_around
from connectors.temu.decoding import RecordDecoder
from connectors.temu.models import orders as models
from connectors.temu.streams import ORDER_LIST, STREAMS
from connectors.temu.streams.orders import ORDER_AMOUNTS

MONEY = ["orders", "order_amounts", "shipments", "order_details"]


class _NarrowParent(models.ParentOrder):
    parent_order_status: Annotated[int, Field(le=2)]


class NarrowOrder(models.Order):
    """A model that has not heard of shipped orders."""

    parent_order_map: _NarrowParent


class NoAmount(models.OrderAmount):
    """A model that no answer of the platform satisfies."""

    nobody_sends_this: Literal["never"]


@contextmanager
def model_for_a_while(entity, model) -> Iterator[None]:
    """`entity` read with a broken model for a while."""
    vars(entity)["_decoder"] = RecordDecoder(model)
    try:
        yield
    finally:
        del vars(entity)["_decoder"]


def replay_all(desk, **choice: object) -> ReplayReport:
    return replay(desk.url, settings=desk.settings, run_id="replay-1", **choice)


def _money(desk) -> dict[str, object]:
    """What landed of the streams that these tests read; a replay may read more that belongs to an order."""
    return {table: rows for table, rows in desk.contents().items() if table in (*MONEY, "order_versions")}


def _open(desk) -> int:
    return desk.query("select count(*) from ops.dead_letters where resolved_at is null")[0][0]


@pytest.fixture
def broken(open_desk):
    """A desk whose shipped orders could not be typed, and a whole one."""
    desk, whole = open_desk(only=1), open_desk(only=1)
    with model_for_a_while(ORDER_LIST.entity, NarrowOrder):
        desk.sync(streams=MONEY)
    whole.sync(streams=MONEY)
    assert _open(desk) > 0
    return desk, whole


def test_every_table_of_every_stream_has_the_entity_that_a_replay_needs() -> None:
    for stream in STREAMS.values():
        for table in stream.tables:
            if table != "order_versions":
                assert stream.entity_of(table).table == table


def test_a_letter_says_why_where_in_which_window_and_whose_record_it_is(broken) -> None:
    desk, whole = broken
    with psycopg.connect(desk.url) as connection:
        letters = find_letters(connection)
    missing = {sn for (sn,) in whole.query("select parent_order_sn from raw_temu.orders where status > 2")}
    assert {letter.record_key for letter in letters} == missing
    for letter in letters:
        assert (letter.stream, letter.entity, letter.run_id) == ("orders", "orders", "run-1")
        assert (letter.reason_code, letter.field_path) == ("less_than_equal", "parentOrderMap.parentOrderStatus")
        assert letter.shop_name == desk.shops[0].shop_name
        assert letter.window_start < letter.window_end
        assert letter.page == 1


def test_after_the_model_is_mended_each_record_lands_exactly_once_with_its_money(broken) -> None:
    desk, whole = broken
    letters = _open(desk)
    report = replay_all(desk)
    assert report.failures == []
    assert {one.detail for one in report.of("landed")} == {"new"}
    assert len(report.of("landed")) == len(report.letters) == letters
    assert _money(desk) == _money(whole)
    assert _open(desk) == 0
    assert replay_all(desk).letters == []
    again = replay_all(desk, ids=[one.letter.id for one in report.letters])
    assert {one.fate for one in again.letters} == {"resolved before"}
    assert _money(desk) == _money(whole)


def test_while_the_model_is_broken_replay_refuses_again_and_changes_nothing(broken) -> None:
    desk, _ = broken
    before = desk.contents()
    with model_for_a_while(ORDER_LIST.entity, NarrowOrder):
        report = replay_all(desk)
    assert {one.fate for one in report.letters} == {"refused again"}
    assert (desk.contents(), _open(desk)) == (before, len(report.letters))


def test_a_dry_run_tells_the_fate_and_changes_nothing(broken) -> None:
    desk, _ = broken
    before, letters = desk.contents(), _open(desk)
    report = replay_all(desk, dry_run=True)
    assert len(report.of("landed")) == letters
    assert (desk.contents(), _open(desk)) == (before, letters)


def test_shop_and_stream_narrow_what_is_replayed(broken) -> None:
    desk, _ = broken
    assert replay_all(desk, streams=["after_sales"]).letters == []
    assert len(replay_all(desk, shops=[desk.shops[0].shop_name], streams=["orders"]).letters) > 0


def test_a_record_that_lands_by_itself_closes_its_letter(broken, gateway) -> None:
    desk, whole = broken
    now = datetime.fromtimestamp(gateway.sandbox.now(), UTC)
    desk.sync(streams=MONEY, window=Window(now - timedelta(days=30), now))
    assert _open(desk) == 0
    assert {how for (how,) in desk.query("select resolution from ops.dead_letters")} == {"landed by run run-2"}
    assert _money(desk) == _money(whole)


def test_an_older_letter_never_replaces_a_newer_state(broken, gateway) -> None:
    desk, whole = broken
    [(sn, newer)] = whole.query(
        "select parent_order_sn, source_updated_at from raw_temu.orders where status > 2 limit 1"
    )
    with psycopg.connect(desk.url) as connection, psycopg.connect(whole.url) as other:
        row = other.execute("select payload::text from raw_temu.orders where parent_order_sn = %s", [sn]).fetchone()
        connection.execute(
            "insert into raw_temu.orders (shop_id, parent_order_sn, status, source_updated_at, payload, payload_hash,"
            " run_id) values (%s, %s, 5, %s, %s, '', 'later')",
            [desk.shops[0].id, sn, newer + timedelta(days=1), row[0]],
        )
    report = replay_all(desk, follow=False)
    [late] = [one for one in report.letters if one.letter.record_key == sn]
    assert late.detail == "older than what is stored"
    assert desk.query("select run_id from raw_temu.orders where parent_order_sn = %s", sn) == [("later",)]
    assert _open(desk) == 0


def test_an_answer_about_one_order_is_replayed_with_what_only_the_question_knew(open_desk) -> None:
    desk, whole = open_desk(only=1), open_desk(only=1)
    with model_for_a_while(ORDER_AMOUNTS.reading.lookup.entity, NoAmount):
        desk.sync(streams=MONEY)
    whole.sync(streams=MONEY)
    assert desk.query("select count(*) from raw_temu.order_amounts") == [(0,)]
    report = replay_all(desk, follow=False)
    assert {one.fate for one in report.letters} == {"landed"}
    assert _money(desk) == _money(whole)


async def test_letters_that_cannot_land_say_what_to_do_instead(open_desk) -> None:
    desk = open_desk(only=1)
    shop, at = desk.shops[0].id, datetime(2026, 5, 1, tzinfo=UTC)
    unstorable = (
        b'{"parentOrderMap":{"parentOrderSn":"PO-211-1","updateTime":1777593600,"parentOrderStatus":2},'
        b'"orderList":[{"orderSn":"211-1","note":"\\u0000"}]}'
    )
    letters = {
        "orders": DeadLetter("not_storable", "", "x", unstorable, Origin("orders", at, record_key="PO-211-1")),
        "after_sales": DeadLetter("missing", "updateAt", "x", b"{}"),
        "files/product_costs": DeadLetter("bad_number", "cost", "x", b"a.csv;1"),
    }
    async with await AsyncConnection.connect(desk.url) as connection:
        for stream, letter in letters.items():
            await keep_dead_letters(connection, [letter], shop_id=shop, stream=stream, run_id="r")
    report = await asyncio.to_thread(replay_all, desk, follow=False)
    told = {one.letter.stream: (one.fate, str(one)) for one in report.letters}
    assert told["orders"][0] == "refused again"
    assert "Unicode" in told["orders"][1]
    assert told["after_sales"][0] == "not replayable"
    assert "omni sync" in told["after_sales"][1]
    assert "inbox" in told["files/product_costs"][1]
    assert desk.query("select count(*) from raw_temu.orders") == [(0,)]


async def test_a_letter_keeps_the_day_that_leads_its_key_and_any_text_in_it(open_desk) -> None:
    desk, at = open_desk(only=1), datetime(2026, 5, 1, tzinfo=UTC)
    origin = Origin("ad_goods_reports", at, prefix=(at.date(), 7), record_key='["\x00","\ud800"]')
    letter = DeadLetter("missing", "summary", "zero \x00", b"{}", origin)
    async with await AsyncConnection.connect(desk.url) as connection:
        await keep_dead_letters(connection, [letter], shop_id=desk.shops[0].id, stream="ad_goods_reports", run_id="r")
    with psycopg.connect(desk.url) as connection:
        [kept] = find_letters(connection)
    assert kept.origin.prefix == (at.date(), 7)
    assert kept.record_key == '["\\u0000","?"]'


def test_a_letter_may_be_closed_by_hand_with_its_reason(broken) -> None:
    desk, _ = broken
    with psycopg.connect(desk.url) as connection:
        first = find_letters(connection)[0].id
        assert close_letters(connection, [first, first], "a test order of the platform") == 1
        assert close_letters(connection, [first], "again") == 0
    assert desk.query("select resolution from ops.dead_letters where id = %s", first) == [
        ("a test order of the platform",)
    ]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_any_repetition_of_replays_gives_the_same_rows(broken, data) -> None:
    desk, whole = broken
    desk.execute("update ops.dead_letters set resolved_at = null")
    desk.execute("delete from raw_temu.orders where status > 2")
    ids = [number for (number,) in desk.query("select id from ops.dead_letters order by 1")]
    for some in data.draw(st.lists(st.lists(st.sampled_from(ids), max_size=len(ids)), max_size=4)):
        replay_all(desk, ids=some, follow=False)
    replay_all(desk, follow=False)
    assert desk.contents()["orders"] == whole.contents()["orders"]
    assert desk.contents()["order_versions"] == whole.contents()["order_versions"]


def test_the_seconds_to_read_again_are_one_window_a_day() -> None:
    day = datetime(2026, 5, 1, 8, tzinfo=UTC)
    found = windows_around([day, day + timedelta(hours=3, microseconds=5), day + timedelta(days=2)])
    second = timedelta(seconds=1)
    assert found == [
        Window(day, day + timedelta(hours=3) + second),
        Window(day + timedelta(days=2), day + timedelta(days=2) + second),
    ]
