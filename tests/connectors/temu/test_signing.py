"""The signature: vectors R1–R5 of the API reference §6.4, and the rules behind them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.temu.signing import sign

SECRET = "sandbox-app-secret-000000000001"
COMMON = {
    "app_key": "sandbox-app-key-0001",
    "access_token": "sandbox-access-token-0001",
    "data_type": "JSON",
    "version": "V1",
    "timestamp": 1767225600,
}
VECTORS = {
    "R1": (
        "6171D82D18AC66AEE0A5DE1B43FDE80F",
        {
            "type": "bg.order.list.v2.get",
            "pageNumber": 1,
            "pageSize": 100,
            "updateAtStart": 1767139200,
            "updateAtEnd": 1767225599,
            "sortby": "updateTime",
        },
    ),
    "R2": (
        "068B67DB638B2403CD13637EA1553810",
        {
            "type": "bg.order.list.v2.get",
            "pageNumber": 1,
            "pageSize": 20,
            "parentOrderSnList": ["PO-211-00000000000000001", "PO-211-00000000000000002"],
            "fulfillmentTypeList": ["fulfillBySeller", "fulfillByCooperativeWarehouse"],
            "hasPreSaleOrder": False,
        },
    ),
    "R3": (
        "17A017E053BD3E6B2BC176990BF543E7",
        {
            "type": "bg.local.goods.sku.list.price.query",
            "language": "de",
            "querySupplierPriceBaseList": [{"goodsId": 600000000000001, "skuIdList": [17000000000001, 17000000000002]}],
        },
    ),
    "R4": (
        "875E5FBCD00737C01457E224FDC31EC9",
        {
            "type": "bg.local.goods.list.query",
            "pageNo": 1,
            "pageSize": 50,
            "goodsSearchType": 1,
            "searchText": "Café-Becher 杯子 ☕",
        },
    ),
    "R5": (
        "5F130985F206D7E63DB19EB21FBD2D7F",
        {"type": "sandbox.order.check", "a": "9", "aB": "1", "a_b": "2", "A": "3", "size": "z", "sizeType": "a"},
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_signature_reproduces_every_worked_vector(name: str) -> None:
    expected, params = VECTORS[name]
    assert sign({**COMMON, **params}, SECRET) == expected


def test_a_number_signs_like_the_same_digits_as_text() -> None:
    assert sign({**COMMON, "timestamp": "1767225600"}, SECRET) == sign(COMMON, SECRET)


def test_an_existing_signature_is_not_signed() -> None:
    assert sign({**COMMON, "sign": "anything"}, SECRET) == sign(COMMON, SECRET)


def test_inner_objects_keep_their_order_and_their_characters() -> None:
    text = 'secretfilter{"b":"<ü&>","a":[true,null,1]}secret'
    expected = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    assert sign({"filter": {"b": "<ü&>", "a": [True, None, 1]}}, "secret") == expected


@given(st.dictionaries(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), st.text(), min_size=2))
def test_the_order_in_which_parameters_are_given_does_not_matter(params: dict[str, str]) -> None:
    assert sign(dict(reversed(params.items())), SECRET) == sign(params, SECRET)
