"""The world is a pure function of seed and time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.sandbox import Options, Sandbox
from connectors.sandbox.state import WorldMismatchError
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.spec import WorldSpec
from connectors.sandbox.world.world import World

LIST = "bg.order.list.v2.get"
NOW = 1795161600


def snapshot(seller: Any, both: list[str]) -> str:
    """Everything that a shop's lists say, as text."""
    parts = [seller.pages(fulfillmentTypeList=both, sortby="updateTime")]
    parts += [seller.call("bg.local.goods.sku.list.query", pageNo=1, pageSize=100, skuSearchType=n) for n in (2, 3)]
    window = {"createAtStart": 0, "createAtEnd": 1_900_000_000}
    parts.append(seller.call("bg.aftersales.parentaftersales.list.get", pageNo=1, pageSize=200, **window))
    return json.dumps(parts)


def test_the_same_seed_and_time_give_the_same_bytes(open_gateway: Any, seller_of: Any) -> None:
    first, second = open_gateway(days=10), open_gateway(days=10)
    for number in range(4):
        one, other = seller_of(first, number), seller_of(second, number)
        body = json.dumps(one.body(LIST, pageSize=100)).encode()
        region = one.shop.profile.gateway
        assert first.answer(region, body).body == second.answer(region, body).body
        assert one.body(LIST) == other.body(LIST)


def test_another_seed_is_another_world(open_gateway: Any, seller_of: Any, both: list[str]) -> None:
    one, other = open_gateway(days=5), open_gateway(days=5, seed=8)
    assert snapshot(seller_of(one), both) != snapshot(seller_of(other), both)


def test_a_restart_after_advancing_gives_the_same_world(
    tmp_path: Path, open_gateway: Any, seller_of: Any, both: list[str]
) -> None:
    before = open_gateway(tmp_path, days=10)
    before.sandbox.advance(3 * DAY + 4321)
    expected = [snapshot(seller_of(before, n), both) for n in range(4)]
    after = open_gateway(tmp_path, days=10, now=None)
    assert after.sandbox.now() == NOW + 3 * DAY + 4321
    assert [snapshot(seller_of(after, n), both) for n in range(4)] == expected


@settings(max_examples=8, deadline=None)
@given(steps=st.lists(st.integers(1, 2 * DAY), min_size=1, max_size=8))
def test_many_small_steps_lead_to_the_same_place_as_one_jump(steps: list[int]) -> None:
    spec = WorldSpec(3, NOW // DAY - 6, 3.0)
    slow, fast = World(spec), World(spec)
    slow.advance(NOW)
    now = NOW
    for step in steps:
        now += step
        slow.advance(now)
    fast.advance(now)
    for one, other in zip(slow.shops, fast.shops, strict=True):
        assert list(one.book.updated_between(0, now)) == list(other.book.updated_between(0, now))
        assert [s.levels for s in one.shelves.values()] == [s.levels for s in other.shelves.values()]


def test_a_folder_refuses_another_world_and_says_what_to_do(tmp_path: Path) -> None:
    Sandbox(Options(tmp_path, seed=1, days=2, orders_per_day=1.0))
    with pytest.raises(WorldMismatchError, match="another --data-dir"):
        Sandbox(Options(tmp_path, seed=2, days=2, orders_per_day=1.0))


def test_time_does_not_run_back(own_gateway: Any) -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        own_gateway.sandbox.advance(-1)


def test_history_is_as_long_as_asked_and_the_future_goes_on(own_gateway: Any) -> None:
    sandbox = own_gateway.sandbox
    for shop in sandbox.world.shops:
        first = shop.book.placed_between(0, NOW)[0][0]
        assert first < (NOW // DAY - 12) * DAY + DAY
    before = [len(shop.book.placed_between(0, 1 << 40)) for shop in sandbox.world.shops]
    sandbox.advance(2 * DAY)
    assert all(len(s.book.placed_between(0, 1 << 40)) > n for s, n in zip(sandbox.world.shops, before, strict=True))


def test_a_business_is_recognisable_in_ninety_days() -> None:
    spec = WorldSpec(7, NOW // DAY - 90, 18.0)
    world = World(spec)
    world.advance(NOW)
    orders = [order for shop in world.shops for order in shop.book.by_sn.values()]
    assert 15 < len(orders) / 90 / 4 < 30, "about eighteen orders per shop and day, plus promotions and growth"
    assert {len(order.lines) for order in orders} == {1, 2, 3}
    for shop in world.shops:
        weekdays = [0] * 7
        for order in shop.book.by_sn.values():
            weekdays[order.placed // DAY % 7] += 1
        assert weekdays[2] + weekdays[3] > weekdays[5] + weekdays[6], "weekends sell more than Tuesday and Wednesday"
        launched = [s for s in shop.shelves.values() if s.listing.launch > 0]
        faded = [s for s in shop.shelves.values() if s.listing.family.fade < 60]
        assert launched
        assert faded
        assert any(level == 0 for shelf in shop.shelves.values() for level in shelf.levels), "some shelf ran empty"
        assert all(level >= 0 for shelf in shop.shelves.values() for level in shelf.levels)


def test_a_lightning_deal_lifts_the_sales_of_its_goods() -> None:
    spec = WorldSpec(7, NOW // DAY - 60, 40.0)
    world = World(spec)
    world.advance(NOW)
    lifts = []
    for shop in world.shops:
        deal = next(a for a in shop.activities_until(NOW) if a.kind == 2 and a.joined)
        chosen = [s for s in shop.shelves.values() if s.listing.family.key in deal.family_keys]
        span = deal.end - deal.start
        during = sum(s.sold_until(deal.end) - s.sold_until(deal.start) for s in chosen)
        before = sum(s.sold_until(deal.start) - s.sold_until(deal.start - span) for s in chosen)
        lifts.append(during / max(before, 1))
    assert sum(lifts) / len(lifts) > 1.7
