"""Order money of sites with taxes of their own: the sums of API sections 9.2 and 9.3 hold, other sites are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.sandbox.operations.operation import Call
from connectors.sandbox.operations.registry import OPERATIONS
from connectors.sandbox.world.shop import LiveShop
from connectors.sandbox.world.shops import DEFAULT_SHOPS
from connectors.sandbox.world.spec import WorldSpec

NOW = 1795161600
V2, V3 = "temu.order.amount.v2.query", "temu.order.amount.v3.query"


@pytest.fixture(scope="module")
def shop_of() -> Any:
    """Makes a shop of any site."""

    def make(region_id: int, currency: str) -> LiveShop:
        profile = replace(DEFAULT_SHOPS[0], region="XX", gateway="EU", region_id=region_id, currency=currency)
        shop = LiveShop(WorldSpec(5, NOW // 86_400 - 20, 10.0, shops=(profile,)), profile)
        shop.advance(NOW)
        return shop

    return make


def _answers(shop: LiveShop, operation: str) -> list[dict[str, Any]]:
    import json

    orders = [order for order in shop.book.by_sn.values() if order.amounts_ready <= NOW]
    assert len(orders) > 50
    call = OPERATIONS[operation].handler
    return [json.loads(call(Call(shop, "EU", NOW, {"parentOrderSn": order.sn}))) for order in orders]


@pytest.mark.parametrize(
    ("operation", "region_id", "currency", "tax"), [(V2, 100, "JPY", "Excl"), (V3, 91, "EUR", "Incl")]
)
def test_the_sums_hold_for_parents_and_lines(
    shop_of: Any, operation: str, region_id: int, currency: str, tax: str
) -> None:
    for answer in _answers(shop_of(region_id, currency), operation):
        blocks = [answer["parentOrderMap"]["salesProceeds"], *answer["orderList"]]
        for block in blocks:
            value = {name: money["amount"] for name, money in block.items() if isinstance(money, dict)}
            assert value["basePriceDiscountedTotal"] == (
                value["basePriceTotal"] - value["basePriceSellerDiscount"] - value["basePriceOff"]
            )
            taxes = value.get("productTax", 0) + value.get("shippingTax", 0) + value.get("taxTemuDiscount", 0)
            assert value["estimatedSettlementTotal"] == (
                value["basePriceDiscountedTotal"]
                + value[f"shippingTotalTax{tax}"]
                + taxes
                - value["estimatedDeduction"]
            )
        assert (
            sum(line["basePriceTotal"]["amount"] for line in answer["orderList"])
            == (blocks[0]["basePriceTotal"]["amount"])
        )
        assert {line["unitBasePrice"]["currency"] for line in answer["orderList"]} == {currency}


@pytest.mark.parametrize("operation", [V2, V3])
def test_other_sites_are_refused(sellers: list[Any], operation: str) -> None:
    assert sellers[1].refusal(operation, parentOrderSn="PO-076-00000000000000000") == 140020015
