"""The shop for load tests: as many lines as asked, in a known window, by the same protocol."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.world.load import END, START

LIST = "bg.order.list.v2.get"


@pytest.mark.parametrize("lines", [1, 2, 1001])
def test_the_load_shop_has_exactly_the_lines_asked_for(
    open_gateway: Any, seller_of: Any, both: list[str], lines: int
) -> None:
    seller = seller_of(open_gateway(load_lines=lines, quota=20.0))
    window = {"updateAtStart": START, "updateAtEnd": END - 1, "sortby": "updateTime", "fulfillmentTypeList": both}
    items = seller.pages(**window)
    assert sum(len(item["orderList"]) for item in items) == lines
    assert len({item["parentOrderMap"]["parentOrderSn"] for item in items}) == len(items) == (lines + 1) // 2
    assert {item["parentOrderMap"]["parentOrderStatus"] for item in items} == {5}


def test_the_load_shop_still_verifies_signatures_but_has_no_quota(open_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(open_gateway(load_lines=10, quota=1.0))
    assert seller.refusal(LIST, secret="wrong") == 3000001
    assert all(seller.call(LIST) for _ in range(50))
