"""Where orders go: real states of the shop's country, the populous ones more often, the same for the same order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from connectors.sandbox.world.destinations import destination_of

DETAIL = "bg.order.detail.v2.get"


def _told(seller: Any, both: list[str], **how: Any) -> dict[str, tuple[str, str, str]]:
    """(country, state, city) by order, of a shop's first page."""
    items = seller.pages(fulfillmentTypeList=both, sortby="updateTime")[:60]
    answers = {}
    for sn in (item["parentOrderMap"]["parentOrderSn"] for item in items):
        parent = seller.call(DETAIL, parentOrderSn=sn, fulfillmentTypeList=both, **how)["parentOrderMap"]
        answers[sn] = (parent["regionName1"], parent["regionName2"], parent["regionName3"])
    return answers


def test_details_name_country_state_and_city_of_the_shops_own_country(sellers: list[Any], both: list[str]) -> None:
    countries = ["United States", "Germany", "United Kingdom", "United States"]
    for seller, country in zip(sellers, countries, strict=True):
        told = _told(seller, both).values()
        assert {one for one, _, _ in told} == {country}
        assert len({state for _, state, _ in told}) > 1
        assert all(city for _, _, city in told)


def test_an_order_goes_to_one_place_whoever_asks_and_when(open_gateway: Any, seller_of: Any, both: list[str]) -> None:
    gateway = open_gateway(days=5)
    before = _told(seller_of(gateway), both)
    gateway.sandbox.advance(86_400)
    after = _told(seller_of(gateway), both)
    other_seed = _told(seller_of(open_gateway(days=5, seed=8)), both)
    assert all(after[sn] == place for sn, place in before.items() if sn in after)
    assert before.keys() & after.keys()
    assert list(before.values()) != list(other_seed.values())


def test_populous_states_come_more_often(open_gateway: Any) -> None:
    shop = open_gateway(days=60).sandbox.world.shops[0]
    counts = Counter(destination_of(order, 211).state for order in shop.book.by_sn.values())
    assert counts["California"] > counts["Ohio"] > counts["Wyoming"]
    assert len(counts) > 40


def test_nobody_buys_where_no_shop_sells(open_gateway: Any) -> None:
    order = next(iter(open_gateway(days=5).sandbox.world.shops[0].book.by_sn.values()))
    assert destination_of(order, 100) is None
