"""Codes and order of the gateway's checks (API section 4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

LIST = "bg.order.list.v2.get"
OLD = 1795161600 - 301


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": ""}, 3000002),
        ({"type": "bg.order.list.v9.get"}, 3000003),
        ({"type": "bg.order.list.get"}, 3000004),
        ({"app_key": None}, 3000025),
        ({"app_key": "0" * 32}, 3000026),
        ({"data_type": None}, 3000013),
        ({"data_type": "XML"}, 3000014),
        ({"timestamp": None}, 3000010),
        ({"timestamp": 1795161600000}, 3000011),
        ({"timestamp": "yesterday00"}, 3000011),
        ({"timestamp": 1795161600 + 301}, 3000011),
        ({"timestamp": OLD}, 3000012),
        ({"access_token": None}, 3000030),
        ({"access_token": "a" * 59}, 3000031),
    ],
)
def test_each_common_parameter_has_its_own_code(seller: Any, change: dict[str, Any], code: int) -> None:
    type_ = change.pop("type", LIST)
    assert seller.refusal(type_, **change) == code


def test_a_body_without_sign_is_3000040_and_a_wrong_one_3000001(seller: Any) -> None:
    body = seller.body(LIST)
    assert seller.send(body | {"sign": "0" * 32})["errorCode"] == 3000001
    del body["sign"]
    assert seller.send(body)["errorCode"] == 3000040


def test_a_bare_post_without_credentials_is_3000002(seller: Any) -> None:
    assert json.loads(seller.gateway.answer("US", b"").body)["errorCode"] == 3000002
    assert json.loads(seller.gateway.answer("US", b"{}").body)["errorCode"] == 3000002
    assert json.loads(seller.gateway.answer("US", b"[1").body)["errorCode"] == 3000000


def test_the_clock_may_be_three_hundred_seconds_off(seller: Any) -> None:
    for shift in (-300, 300):
        assert seller.call(LIST, timestamp=1795161600 + shift)["totalItemNum"] > 0
        assert seller.call(LIST, timestamp=str(1795161600 + shift))["totalItemNum"] > 0


def test_timestamp_is_checked_before_the_signature_and_the_signature_before_the_token(seller: Any) -> None:
    assert seller.refusal(LIST, secret="wrong", timestamp=OLD) == 3000012
    assert seller.refusal(LIST, secret="wrong", access_token="b" * 59) == 3000001


def test_the_signature_can_be_checked_first(open_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(open_gateway(days=3, sign_first=True))
    assert seller.refusal(LIST, secret="wrong", timestamp=OLD) == 3000001


def test_the_scope_is_checked_before_the_parameters(sellers: Any) -> None:
    assert sellers[3].refusal("bg.order.amount.query", parentOrderSn=5) == 3000032
    assert sellers[0].refusal("bg.order.amount.query", parentOrderSn=5) == 3000000


def test_a_key_belongs_to_one_gateway_and_a_token_to_one_key(sellers: Any) -> None:
    us, de = sellers[0], sellers[1]
    assert us.send(us.body(LIST), region="EU")["errorCode"] == 3000026
    foreign = de.gateway.sandbox.tokens.credentials(us.shop).access_token
    assert de.refusal(LIST, access_token=foreign) == 3000033


def test_a_new_authorisation_kills_the_old_token(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    old = own_gateway.sandbox.tokens.credentials(seller.shop).access_token
    own_gateway.sandbox.tokens.rotate(seller.shop)
    assert seller.refusal(LIST, access_token=old) == 3000034
    assert seller.call(LIST)["totalItemNum"] > 0


def test_an_expired_token_is_3000034_until_it_is_renewed(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway)
    own_gateway.sandbox.tokens.expire(seller.shop, expired=True)
    assert seller.refusal(LIST) == 3000034
    own_gateway.sandbox.tokens.rotate(seller.shop)
    assert seller.call(LIST)["totalItemNum"] > 0


def test_tokens_run_out_on_the_day_that_they_announce(open_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(open_gateway(days=2, orders_per_day=0.2))
    expires = seller.call("bg.open.accesstoken.info.get")["expiredTime"]
    seller.gateway.sandbox.clock.advance(expires - seller.gateway.sandbox.clock.now())
    assert seller.refusal(LIST) == 3000034


def test_the_token_names_its_shop_and_exactly_what_it_may_call(sellers: Any) -> None:
    for seller in sellers:
        info = seller.call("bg.open.accesstoken.info.get")
        assert info["mallId"] == seller.shop.profile.mall_id
        assert ("bg.order.amount.query" in info["apiScopeList"]) == seller.shop.profile.is_local


def test_scopes_can_be_granted_and_revoked(own_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(own_gateway, 3)
    own_gateway.sandbox.tokens.grant_types(seller.shop, ["bg.order.amount.query"])
    assert seller.refusal("bg.order.amount.query", parentOrderSn="PO-211-0") == 140020001
    own_gateway.sandbox.tokens.grant_types(seller.shop, [LIST], revoke=True)
    assert seller.refusal(LIST) == 3000032


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("pageNumber", "1", "pageNumber"),
        ("pageSize", True, "pageSize"),
        ("sortby", 1, "sortby"),
        ("parentOrderSnList", "PO-211-1", "parentOrderSnList"),
        ("parentOrderSnList", ["PO-211-1", 2], "parentOrderSnList[1]"),
        ("hasPreSaleOrder", 0, "hasPreSaleOrder"),
    ],
)
def test_a_wrong_native_type_is_refused_with_its_path(seller: Any, name: str, value: object, path: str) -> None:
    envelope = seller.send(seller.body(LIST, **{name: value}))
    assert envelope["errorCode"] == 3000000
    assert envelope["errorMsg"].endswith(f"path: {path}")
