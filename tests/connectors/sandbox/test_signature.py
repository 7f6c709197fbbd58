"""The server's side of the signature: vectors R1–R5 and what re-serialising forgives (API section 6)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from connectors.sandbox.signature import expected_sign, is_signed

SECRET = "sandbox-app-secret-000000000001"
COMMON: dict[str, Any] = {
    "app_key": "sandbox-app-key-0001",
    "access_token": "sandbox-access-token-0001",
    "data_type": "JSON",
    "version": "V1",
    "timestamp": 1767225600,
}
VECTORS: dict[str, tuple[dict[str, Any], str]] = {
    "R1": (
        {
            "type": "bg.order.list.v2.get",
            "pageNumber": 1,
            "pageSize": 100,
            "updateAtStart": 1767139200,
            "updateAtEnd": 1767225599,
            "sortby": "updateTime",
        },
        "6171D82D18AC66AEE0A5DE1B43FDE80F",
    ),
    "R2": (
        {
            "type": "bg.order.list.v2.get",
            "pageNumber": 1,
            "pageSize": 20,
            "parentOrderSnList": ["PO-211-00000000000000001", "PO-211-00000000000000002"],
            "fulfillmentTypeList": ["fulfillBySeller", "fulfillByCooperativeWarehouse"],
            "hasPreSaleOrder": False,
        },
        "068B67DB638B2403CD13637EA1553810",
    ),
    "R3": (
        {
            "type": "bg.local.goods.sku.list.price.query",
            "language": "de",
            "querySupplierPriceBaseList": [{"goodsId": 600000000000001, "skuIdList": [17000000000001, 17000000000002]}],
        },
        "17A017E053BD3E6B2BC176990BF543E7",
    ),
    "R4": (
        {
            "type": "bg.local.goods.list.query",
            "pageNo": 1,
            "pageSize": 50,
            "goodsSearchType": 1,
            "searchText": "Café-Becher 杯子 ☕",
        },
        "875E5FBCD00737C01457E224FDC31EC9",
    ),
    "R5": (
        {"type": "sandbox.order.check", "a": "9", "aB": "1", "a_b": "2", "A": "3", "size": "z", "sizeType": "a"},
        "5F130985F206D7E63DB19EB21FBD2D7F",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_gateway_computes_the_reference_vectors(name: str) -> None:
    parameters, sign = VECTORS[name]
    assert expected_sign(COMMON | parameters, SECRET) == sign


@pytest.mark.parametrize("name", VECTORS)
def test_blanks_and_unicode_escapes_in_the_body_do_not_change_the_signature(name: str) -> None:
    parameters, sign = VECTORS[name]
    spaced = json.dumps(COMMON | parameters | {"sign": sign}, ensure_ascii=True, indent=3)
    assert is_signed(msgspec.json.decode(spaced), SECRET)


def test_a_number_and_its_digits_as_a_string_sign_alike() -> None:
    parameters, sign = VECTORS["R1"]
    assert expected_sign(COMMON | parameters | {"timestamp": "1767225600", "pageNumber": "1"}, SECRET) == sign


def test_nested_objects_keep_the_order_in_which_they_were_sent() -> None:
    there = expected_sign({"filter": {"a": 1, "b": 2}}, SECRET)
    assert there != expected_sign({"filter": {"b": 2, "a": 1}}, SECRET)


@pytest.mark.parametrize("wrong", [None, "", 5, VECTORS["R1"][1].lower(), VECTORS["R2"][1], "\ud800"])
def test_anything_but_the_exact_upper_case_digits_is_refused(wrong: object) -> None:
    assert not is_signed(COMMON | VECTORS["R1"][0] | {"sign": wrong}, SECRET)
