"""Order money of sites with taxes of their own: `temu.order.amount.v2.query` and `.v3.query` (API sections 9.2, 9.3).

The world's orders know one tax and no shipping paid by the platform, so the parts of either kind are 0.
"""

from __future__ import annotations

from connectors.sandbox.envelope import OTHER_SITE, GatewayError
from connectors.sandbox.operations.operation import Call, Json, Operation, money, to_json
from connectors.sandbox.operations.orders import find_priced_order
from connectors.sandbox.parameters import Form
from connectors.sandbox.world.lifecycle import Line
from connectors.sandbox.world.money import Amounts, amounts_at

JAPAN, SOUTH_KOREA, BOSNIA, ICELAND = 100, 185, 27, 91


def amounts_v2(call: Call) -> bytes:
    """Prices without tax; Japan and South Korea only."""
    return _answer(call, (JAPAN, SOUTH_KOREA), "Excl")


def amounts_v3(call: Call) -> bytes:
    """Prices with tax; Iceland and Bosnia-Herzegovina only."""
    return _answer(call, (BOSNIA, ICELAND), "Incl")


def _answer(call: Call, regions: tuple[int, ...], tax: str) -> bytes:
    profile = call.shop.profile
    if profile.region_id not in regions:
        raise GatewayError(OTHER_SITE)
    order = find_priced_order(call)
    sums = amounts_at(order, call.now)
    lines = [_line(line, tax, profile.currency) for line in order.lines]
    parent = {
        "parentOrderSn": order.sn,
        "salesProceeds": _money(_proceeds(sums, tax), profile.currency),
        "customerPaid": _money(_paid(sums, tax), profile.currency),
    }
    return to_json({"parentOrderMap": parent, "orderList": lines, "warning": []})


def _money(values: dict[str, int], currency: str) -> Json:
    return {name: money(amount, currency) for name, amount in values.items()}


def _proceeds(sums: Amounts, tax: str) -> dict[str, int]:
    """The seller's side: base price less his discounts, plus shipping and (v2) taxes, less the deduction."""
    platform_part = f"shippingTemu{'Discount' if tax == 'Incl' else ''}TotalTax{tax}"
    values = {
        "basePriceTotal": sums.base,
        "basePriceSellerDiscount": sums.seller_discount,
        "basePriceOff": 0,
        "basePriceDiscountedTotal": sums.base - sums.seller_discount,
        f"shippingTotalTax{tax}": sums.shipping,
        f"shippingCustomerTotalTax{tax}": sums.shipping,
        platform_part: 0,
        "estimatedDeduction": sums.deduction,
        "estimatedSettlementTotal": sums.base - sums.seller_discount + sums.shipping - sums.deduction,
    }
    if tax == "Excl":
        values |= dict.fromkeys(
            ("productTaxTemu", "shippingTax", "shippingTaxCustomerDiscounted", "shippingTaxTemu"), 0
        )
        values |= {"productTax": sums.tax, "productTaxCustomerDiscounted": sums.tax, "taxTemuDiscount": 0}
        values["estimatedSettlementTotal"] += sums.tax
    return values


def _paid(sums: Amounts, tax: str) -> dict[str, int]:
    """The buyer's side."""
    retail = sums.retail if tax == "Excl" else sums.retail + sums.tax
    discount = sums.seller_discount + sums.temu_discount
    return {
        f"retailPriceTotalTax{tax}": retail,
        f"retailPriceSellerDiscountTax{tax}": sums.seller_discount,
        f"retailPriceTemuDiscountTax{tax}": sums.temu_discount,
        f"retailPriceDiscountedTotalTax{tax}": retail - discount,
        f"shippingTotalTax{tax}": sums.shipping,
        f"shippingTemuDiscountTotalTax{tax}": 0,
        f"shippingDiscountedTotalTax{tax}": sums.shipping,
        "productRefundsTotal": sums.refunds,
        "customerPaidTotal": sums.customer_paid,
    }


def _line(line: Line, tax: str, currency: str) -> Json:
    sums = Amounts(
        base=line.unit_base * line.ordered, shipping=line.shipping, tax=line.tax, seller_discount=line.seller_discount,
        temu_discount=line.temu_discount, refunds=0, deduction=0, retail=line.unit_retail * line.ordered,
        sign_on_delivery=None,
    )  # fmt: skip
    retail = line.unit_retail if tax == "Excl" else line.unit_retail + line.tax // line.ordered
    values = _proceeds(sums, tax) | {"unitBasePrice": line.unit_base, f"unitRetailPriceTax{tax}": retail}
    return {"orderSn": line.order_sn, "quantity": line.ordered, **_money(values, currency)}


_FORMS = {"parentOrderSn": Form.STRING}
OPERATIONS = (
    Operation("temu.order.amount.v2.query", amounts_v2, _FORMS, sensitive=True, gateways=("EU", "GLOBAL")),
    Operation("temu.order.amount.v3.query", amounts_v3, _FORMS, sensitive=True, gateways=("EU",)),
)
