"""Which records were asked about and have no final answer: named one by one, and only as long as that is so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connectors.records import EVERY_RECORD, Window

MONEY = ["orders", "order_amounts"]
AMOUNTS = "bg.order.amount.query"


def _unanswered(desk: Any) -> dict[str, str]:
    return dict(desk.query("select record_key, cause from ops.unanswered where stream = 'order_amounts'"))


def _without_amount(desk: Any) -> set[str]:
    rows = desk.query(
        "select parent_order_sn from raw_temu.orders o where not exists (select from raw_temu.order_amounts a"
        " where (a.shop_id, a.parent_order_sn) = (o.shop_id, o.parent_order_sn))"
    )
    return {sn for (sn,) in rows}


def test_orders_whose_money_is_not_ready_are_named_until_it_is(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    gateway.faults({"kind": "amounts_calculating", "rate": 0.5})
    desk.sync(streams=MONEY)
    missing = _without_amount(desk)
    assert missing
    assert missing == set(_unanswered(desk))
    assert set(_unanswered(desk).values()) == {"pending"}
    desk.sync(streams=MONEY, window=Window(*(datetime(2020, 1, day, tzinfo=UTC) for day in (1, 2))))
    assert missing == set(_unanswered(desk)), "a reading that asked about nothing has learnt nothing"
    gateway.faults()
    gateway.advance(days=2)
    desk.sync(streams=MONEY)
    assert not missing & set(_unanswered(desk))


def test_money_that_was_not_ready_when_old_days_were_read_again_is_asked_for_by_the_next_live_reading(
    open_desk: Any, gateway: Any
) -> None:
    desk, calm = open_desk(only=1), open_desk(only=1)
    gateway.advance(days=2)
    desk.sync(streams=MONEY)
    old = "from raw_temu.orders where order_time < (select max(order_time) - interval '1 day' from raw_temu.orders)"
    desk.execute(f"delete from raw_temu.order_amounts where parent_order_sn in (select parent_order_sn {old})")
    [(first, last)] = desk.query(f"select min(source_updated_at), max(source_updated_at) + interval '1 s' {old}")
    gateway.faults({"kind": "amounts_calculating"})
    desk.sync(streams=MONEY, window=Window(first, last))
    assert _unanswered(desk)
    gateway.faults()
    desk.sync(streams=MONEY)
    calm.sync(streams=MONEY)
    assert desk.contents()["order_amounts"] == calm.contents()["order_amounts"]
    assert _unanswered(desk) == _unanswered(calm)


def test_an_old_order_that_never_gets_its_money_holds_nobody_up(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    gateway.advance(days=2)
    desk.sync(streams=MONEY)
    [(old,)] = desk.query("select parent_order_sn from raw_temu.orders order by source_updated_at limit 1")
    desk.execute("delete from raw_temu.order_amounts where parent_order_sn = %s", old)
    desk.execute(
        "insert into ops.unanswered (shop_id, stream, record_key, cause)"
        " select id, 'order_amounts', %s, 'pending' from ops.shops",
        old,
    )
    mark = "select watermark from ops.watermarks where stream = 'order_amounts'"
    before = desk.query(mark)
    gateway.advance(hours=12)
    gateway.faults({"kind": "amounts_calculating", "count": 1})  # the oldest is asked about first
    desk.sync(streams=MONEY)
    assert _unanswered(desk)[old] == "pending"
    assert desk.query(mark) > before


def test_a_stream_that_the_token_lacks_is_one_entry_until_it_may_be_read(open_desk: Any, gateway: Any) -> None:
    desk = open_desk(only=1)
    shop = gateway.sandbox.world.shops[0]
    gateway.sandbox.tokens.grant_types(shop, [AMOUNTS], revoke=True)
    desk.sync(streams=MONEY)
    assert _unanswered(desk) == {EVERY_RECORD: "forbidden"}
    gateway.sandbox.tokens.grant_types(shop, [AMOUNTS])
    desk.sync(streams=MONEY)
    assert set(_unanswered(desk).values()) <= {"pending"}
    assert set(_unanswered(desk)) == _without_amount(desk)
