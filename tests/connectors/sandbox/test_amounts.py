"""Order money: the formulas of API section 9.1 hold to the cent, at every instant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.world.lifecycle import state_at
from connectors.sandbox.world.money import amounts_at
from connectors.sandbox.world.spec import WorldSpec
from connectors.sandbox.world.world import World

AMOUNT = "bg.order.amount.query"
NOW = 1795161600
WORLD = World(WorldSpec(11, NOW // 86_400 - 30, 10.0))
WORLD.advance(NOW)
LOCAL = [order for shop in WORLD.shops if shop.profile.is_local for order in shop.book.by_sn.values()]


@pytest.fixture
def answers(sellers: list[Any], both: list[str]) -> list[dict[str, Any]]:
    """Amounts of every order of the three local shops that the platform has finished computing."""
    found = []
    for seller in sellers[:3]:
        for item in seller.pages(fulfillmentTypeList=both):
            envelope = seller.send(seller.body(AMOUNT, parentOrderSn=item["parentOrderMap"]["parentOrderSn"]))
            if envelope["success"]:
                found.append({"list": item, "amounts": envelope["result"]})
            else:
                assert envelope["errorCode"] == 140020008
    return found


def test_the_totals_obey_the_published_formulas(answers: list[dict[str, Any]]) -> None:
    assert len(answers) > 300
    for answer in answers:
        parent = answer["amounts"]["parentOrderMap"]
        value = {name: money["amount"] for name, money in parent.items() if isinstance(money, dict)}
        sign = value.get("signOnDelivery", 0)
        assert value["totalDiscount"] == value["discountFromSeller"] + value["discountFromTEMU"]
        assert value["estimatedRevenue"] == (
            value["basePriceTotal"] + value["shippingAmountTotal"] - value["estimatedRevenueDeduction"] + sign
        )
        assert value["customerPaid"] == (
            value["retailPriceTotal"] + value["shippingAmountTotal"] + value["taxTotal"] - value["refundsTotal"]
            + sign - value["totalDiscount"]
        )  # fmt: skip
        assert value["customerPaid"] >= 0


def test_lines_add_up_to_their_parent_and_count_ordered_units(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        parent, lines = answer["amounts"]["parentOrderMap"], answer["amounts"]["orderList"]
        ordered = {line["orderSn"]: line["originalOrderQuantity"] for line in answer["list"]["orderList"]}
        assert {line["orderSn"]: line["quantity"] for line in lines} == ordered
        for total, name in (
            ("basePriceTotal", "basePrice"),
            ("discountFromSeller", "discountFromSeller"),
            ("shippingAmountTotal", "shipAmountTotal"),
        ):
            assert parent[total]["amount"] == sum(line[name]["amount"] for line in lines)
        for line in lines:
            assert line["basePrice"]["amount"] == line["unitBasePrice"]["amount"] * line["quantity"]


def test_a_cancelled_order_is_worth_nothing(answers: list[dict[str, Any]]) -> None:
    cancelled = [a for a in answers if a["list"]["parentOrderMap"]["parentOrderStatus"] == 3]
    assert cancelled
    for answer in cancelled:
        assert answer["amounts"]["parentOrderMap"]["estimatedRevenue"]["amount"] == 0
        assert answer["amounts"]["parentOrderMap"]["customerPaid"]["amount"] == 0


@settings(max_examples=300, deadline=None)
@given(order=st.sampled_from(LOCAL), early=st.integers(0, 60 * 86_400), later=st.integers(0, 60 * 86_400))
def test_refunds_only_grow_and_never_exceed_what_was_paid(order: Any, early: int, later: int) -> None:
    first, second = (amounts_at(order, order.placed + seconds) for seconds in sorted((early, later)))
    assert 0 <= first.refunds <= second.refunds
    assert 0 <= first.deduction <= second.deduction <= second.base + second.shipping
    assert second.customer_paid >= 0


@settings(max_examples=200, deadline=None)
@given(order=st.sampled_from(LOCAL))
def test_the_deduction_is_nil_while_nothing_was_cancelled_or_refunded(order: Any) -> None:
    amounts, start = amounts_at(order, order.placed), state_at(order, order.placed)
    assert [line.quantity for line in start.lines] == [line.ordered for line in order.lines]
    assert (amounts.refunds, amounts.deduction) == (0, 0)


def test_just_after_placing_the_platform_still_computes(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    sandbox = own_gateway.sandbox
    order = next(o for o in seller.shop.book.by_sn.values() if o.placed > sandbox.now() + 600)
    assert seller.refusal(AMOUNT, parentOrderSn=order.sn) == 140020002, "not placed yet"
    sandbox.advance(order.placed - sandbox.now())
    assert seller.refusal(AMOUNT, parentOrderSn=order.sn) == 140020008
    sandbox.advance(order.amounts_ready - sandbox.now())
    assert seller.call(AMOUNT, parentOrderSn=order.sn)["warning"] == []


def test_amounts_are_ready_before_any_order_becomes_a_sale() -> None:
    for order in LOCAL:
        if len(order.times) > 1:
            assert order.amounts_ready < order.times[1]
