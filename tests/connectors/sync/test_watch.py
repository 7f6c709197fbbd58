"""The ship-by watch: urgent orders are found by their label, the others by their deadline, without reading a window."""

from __future__ import annotations

import httpx
import pytest

from connectors.errors import OmniError
from connectors.sandbox.world.lifecycle import DELIVER_WITHIN, SHIP_WITHIN, state_at
from connectors.sync import SyncReport, watch_deadlines

HOUR = 3600


@pytest.fixture
def world() -> dict[str, float]:
    """Enough days for orders to come close to their deadlines."""
    return {"days": 16, "orders_per_day": 6}


@pytest.fixture
def shop(desk):
    """A shop whose orders have landed, before two days of which it knows nothing yet."""
    desk.sync(shops=[desk.shops[0].shop_name], streams=["orders"])
    return desk.shops[0]


def visit(desk, shop, most: int = 500) -> list[SyncReport]:
    return watch_deadlines(desk.url, settings=desk.settings, temu_shop_id=shop.temu_shop_id, run_id="watch", most=most)


def stored(desk, shop) -> dict[str, int]:
    return dict(desk.query("select parent_order_sn, status from raw_temu.orders where shop_id = %s", shop.id))


def true_states(gateway, shop) -> dict[str, tuple[int, int]]:
    """Status and time of each order placed by now, as the platform has them."""
    now, book = gateway.sandbox.now(), gateway.sandbox.world.shop(shop.temu_shop_id).book
    return {sn: (state_at(one, now).status, one.placed) for sn, one in book.by_sn.items() if one.placed <= now}


def urgent(gateway, shop) -> set[str]:
    now = gateway.sandbox.now()
    states = true_states(gateway, shop).items()
    return {sn for sn, (status, placed) in states if status in (2, 41) and now > placed + SHIP_WITHIN - 24 * HOUR}


def until_urgent(gateway, shop) -> set[str]:
    """Lets time pass until the platform calls orders urgent."""
    for _ in range(60):
        gateway.advance(hours=3)
        if found := urgent(gateway, shop):
            return found
    pytest.fail("no order was late in a week")


def test_urgent_orders_come_by_their_label_whether_they_had_landed_or_not(desk, gateway, shop):
    desk.execute("delete from raw_temu.orders where shop_id = %s", shop.id)
    expected = until_urgent(gateway, shop)
    [report] = visit(desk, shop)
    assert stored(desk, shop).keys() == expected
    assert report.read == len(expected)
    tasks = "select stream from ops.sync_tasks where run_id = 'watch' order by 1"
    assert ("order_amounts",) in desk.query(tasks)
    desk.execute("delete from ops.sync_tasks")
    visit(desk, shop)
    assert desk.query(tasks) == [("orders",)], "nothing changed: nothing more is asked"


def test_orders_that_no_label_names_any_more_are_read_when_their_deadline_is_near(desk, gateway, shop):
    visit(desk, shop)
    gateway.advance(hours=30)
    before = {sn for sn, status in stored(desk, shop).items() if status in (2, 41)}
    now = gateway.sandbox.now()
    states = true_states(gateway, shop)
    due = {sn for sn in before if states[sn][1] + SHIP_WITHIN - 24 * HOUR <= now}
    assert due - urgent(gateway, shop)  # shipped meanwhile, and nobody told us
    visit(desk, shop)
    assert {sn: stored(desk, shop)[sn] for sn in due} == {sn: states[sn][0] for sn in due}


def test_an_order_on_its_way_is_read_once_when_its_promise_is_near(desk, gateway, shop):
    visit(desk, shop)
    states = true_states(gateway, shop)
    on_their_way = {sn: states[sn][1] for sn, status in stored(desk, shop).items() if status in (4, 51)}
    last = max(on_their_way.values())
    gateway.advance(seconds=last + DELIVER_WITHIN - HOUR / 2 - gateway.sandbox.now())
    recent = [sn for sn, placed in on_their_way.items() if placed > last - 6 * 24 * HOUR]
    for _ in range(3):  # what the first visit finds changed may be due a second time
        visit(desk, shop)
    states = true_states(gateway, shop)
    assert {sn: stored(desk, shop)[sn] for sn in recent} == {sn: states[sn][0] for sn in recent}
    due = "select count(*) from ops.due_orders where kind = 'deliver' and due_at <= to_timestamp(%s)"
    assert desk.query(due, gateway.sandbox.now()) == [(0,)]


def test_what_a_failed_visit_could_not_read_is_read_by_a_later_one(desk, gateway, shop):
    visit(desk, shop)
    gateway.advance(hours=60)
    before, states = stored(desk, shop), true_states(gateway, shop)
    changed = {sn for sn, status in before.items() if status == 2 and states[sn][0] != 2}
    assert changed
    gateway.faults({"kind": "business_error", "type": "bg.order.list.v2.get", "after": 4})
    with pytest.raises(OmniError):
        visit(desk, shop)
    gateway.faults()
    gateway.advance(seconds=10 * 60)
    visit(desk, shop)
    states = true_states(gateway, shop)
    assert {sn: stored(desk, shop)[sn] for sn in changed} == {sn: states[sn][0] for sn in changed}


def test_a_visit_writes_no_item_per_order_and_says_whose_token_has_expired(desk, gateway, shop):
    until_urgent(gateway, shop)
    assert visit(desk, shop)[0].read > 0
    assert desk.query("select count(*) from ops.sync_logs where run_id = 'watch'") == [(0,)]
    httpx.post(f"{gateway.url}/sandbox/tokens", json={"shop": shop.temu_shop_id, "expire": True}).raise_for_status()
    with pytest.raises(OmniError, match=shop.shop_name):
        visit(desk, shop)
