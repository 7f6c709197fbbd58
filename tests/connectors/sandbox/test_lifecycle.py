"""Laws that hold for every order at every instant (API sections 8.1, 8.3, 8.4)."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.operations.aftersales import list_cancellations
from connectors.sandbox.operations.operation import Call
from connectors.sandbox.world.lifecycle import Kind, Order, parent_status, state_at, state_of
from connectors.sandbox.world.spec import WorldSpec
from connectors.sandbox.world.world import World

NOW = 1795161600
WORLD = World(WorldSpec(5, NOW // 86_400 - 40, 12.0))
WORLD.advance(NOW)
ORDERS = [(shop, order) for shop in WORLD.shops for order in shop.book.by_sn.values()]
LATER = {1: {1, 2, 3}, 2: {2, 3, 4}, 3: {3}, 4: {3, 4, 5}, 5: {5}}
orders = st.sampled_from(ORDERS)


def versions(order: Order) -> list[Any]:
    return [state_of(order, version) for version in range(1, len(order.events) + 1)]


def cancellations(shop: Any) -> list[Any]:
    rows: list[Any] = []
    while True:
        answer = list_cancellations(Call(shop, "US", NOW, {"pageNo": len(rows) // 200 + 1, "pageSize": 200}))
        page = json.loads(answer)
        rows += page["data"]
        if len(rows) == page["total"]:
            return rows


@settings(max_examples=300, deadline=None)
@given(chosen=orders)
def test_line_statuses_only_move_forward_and_cancelled_lines_stay_cancelled(chosen: Any) -> None:
    states = versions(chosen[1])
    for before, after in pairwise(states):
        for old, new in zip(before.lines, after.lines, strict=True):
            assert new.status in LATER[old.status]


@settings(max_examples=300, deadline=None)
@given(chosen=orders)
def test_every_change_has_its_own_later_update_time(chosen: Any) -> None:
    order = chosen[1]
    assert order.times == sorted(set(order.times))
    assert [state.updated_at for state in versions(order)] == order.times


@settings(max_examples=300, deadline=None)
@given(chosen=orders, seconds=st.integers(0, 40 * 86_400))
def test_quantity_is_ordered_minus_cancelled_and_zero_on_a_cancelled_line(chosen: Any, seconds: int) -> None:
    order = chosen[1]
    for line, now in zip(order.lines, state_at(order, order.placed + seconds).lines, strict=True):
        if now.status == 3:
            assert now.quantity == 0
        else:
            assert now.quantity == line.ordered - now.canceled_before_shipment >= 1


@settings(max_examples=300, deadline=None)
@given(chosen=orders)
def test_partial_statuses_belong_to_local_shops_and_follow_from_the_lines(chosen: Any) -> None:
    shop, order = chosen
    for state in versions(order):
        assert state.status == parent_status([line.status for line in state.lines])
        assert shop.profile.is_local or state.status not in (41, 51)


@settings(max_examples=300, deadline=None)
@given(chosen=orders)
def test_things_happen_in_their_natural_order(chosen: Any) -> None:
    order = chosen[1]
    final = versions(order)[-1]
    assert order.events[0].kind is Kind.PLACED
    for line in final.lines:
        if line.shipped_at:
            assert order.placed < final.confirmed_at < line.shipped_at
        if line.delivered_at:
            assert line.shipped_at < line.delivered_at
    for case in order.cases:
        assert case.created > final.lines[case.line].delivered_at
        assert [at for at, _ in case.steps] == sorted({at for at, _ in case.steps})
        assert 1 <= case.units <= final.lines[case.line].quantity


@settings(max_examples=200, deadline=None)
@given(chosen=orders)
def test_a_completed_refund_moves_the_update_time_of_its_order(chosen: Any) -> None:
    order = chosen[1]
    for case in order.cases:
        if case.refunded_at:
            assert any(event.kind is Kind.CASE and 0 <= event.at - case.refunded_at < 5 for event in order.events)


def test_units_leave_a_line_once_by_cancellations_of_their_own_numbers() -> None:
    cases = [case for shop in WORLD.shops for case in cancellations(shop)]
    assert len({case["parentAfterSalesSn"] for case in cases}) == len(cases)
    gone = Counter[str]()
    for case in cases:
        gone.update({info["orderSn"]: info["applyGoodsNumber"] for info in case["afterSalesInfoList"]})
    ordered = {line.order_sn: line.ordered for _, order in ORDERS for line in order.lines}
    assert all(units <= ordered[order_sn] for order_sn, units in gone.items())


def test_refunds_can_be_told_to_leave_orders_alone() -> None:
    world = World(WorldSpec(5, NOW // 86_400 - 40, 6.0, refunds_move_orders=False))
    world.advance(NOW)
    placed = [order for shop in world.shops for order in shop.book.by_sn.values()]
    assert any(order.cases for order in placed)
    assert not any(event.kind is Kind.CASE for order in placed for event in order.events)


@pytest.mark.parametrize("status", [1, 2, 3, 4, 41, 5, 51])
def test_every_status_code_occurs(status: int) -> None:
    seen = {state.status for _, order in ORDERS for state in versions(order)}
    assert status in seen


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_event_occurs(kind: Kind) -> None:
    assert any(event.kind is kind for _, order in ORDERS for event in order.events)


def test_a_parent_may_differ_from_its_child() -> None:
    mixed = [state for _, order in ORDERS for state in versions(order) if {4, 5} == {x.status for x in state.lines}]
    assert mixed
    assert all(state.status == 51 for state in mixed)
