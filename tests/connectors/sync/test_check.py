"""What a check of a shop asks its gateways, all of them, and what it makes of their answers."""

from __future__ import annotations

import pytest

from connectors.sync import ShopCheck, check_shop
from tests.connectors.sync.conftest import Desk, Gateway, open_second_gateways

SEMI = "Pacific Select US"
V2, V3 = "temu.order.amount.v2.query", "temu.order.amount.v3.query"


def check(desk: Desk, shop: str) -> ShopCheck:
    return check_shop(desk.url, settings=desk.settings, shop=shop)


@pytest.mark.parametrize("seconds", [200, -200])
def test_the_gateways_clock_is_compared_with_ours(desk: Desk, gateway: Gateway, seconds: int) -> None:
    shop = desk.shops[0].shop_name
    before = check(desk, shop).clock_skew_seconds
    gateway.faults({"kind": "clock_skew", "seconds": seconds})
    skewed = check(desk, shop)
    assert skewed.is_well
    assert abs(skewed.clock_skew_seconds - before - seconds) <= 2


def test_the_quota_is_the_one_that_is_kept_for_the_app_key(desk: Desk) -> None:
    shop = desk.shops[0]
    desk.execute("update ops.app_quota set calls_per_second = 50 where app_key = %s", shop.app_key)
    assert check(desk, shop.shop_name).calls_per_second == 50


def test_a_second_gateway_is_asked_too_and_its_grants_are_its_own(desk: Desk, gateway: Gateway) -> None:
    before = check(desk, SEMI)
    open_second_gateways(desk, gateway)
    well = check(desk, SEMI)
    assert well.is_well
    assert well.missing == before.missing
    assert "gateway PARTNER answers, token valid for" in well.message
    shop = next(one for one in gateway.sandbox.world.shops if one.profile.name == SEMI)
    gateway.sandbox.tokens.grant_types(shop, ["temu.goods.price.list.get"], revoke=True)
    assert set(check(desk, SEMI).missing) - set(before.missing) == {"temu.goods.price.list.get"}


def test_trouble_with_a_second_gateway_is_told_and_the_first_one_still_answers(desk: Desk, gateway: Gateway) -> None:
    open_second_gateways(desk, gateway)
    desk.execute("update ops.shop_gateways set app_key = repeat('0', 32) where gateway = 'PARTNER'")
    told = check(desk, SEMI)
    assert not told.is_well
    assert "gateway PARTNER" in told.message
    assert "answers, token valid for" in told.message
    assert told.mall_id is not None


@pytest.mark.parametrize(("region", "needed"), [("JP", {V2}), ("KR", {V2}), ("EU", {V3}), ("DE", set()), ("US", set())])
def test_other_operations_for_order_money_are_asked_of_shops_that_sell_where_they_tell_it(
    desk: Desk, gateway: Gateway, region: str, needed: set[str]
) -> None:
    shop, known = next((one, live) for one, live in zip(desk.shops, gateway.sandbox.world.shops, strict=True)
                       if one.gateway == "EU")  # fmt: skip
    desk.execute("update ops.shops set region = %s where id = %s", region, shop.id)
    gateway.sandbox.tokens.grant_types(known, [V2, V3], revoke=True)
    assert needed == {V2, V3} & set(check(desk, shop.shop_name).missing)
    gateway.sandbox.tokens.grant_types(known, [V2, V3])
    assert not {V2, V3} & set(check(desk, shop.shop_name).missing)
