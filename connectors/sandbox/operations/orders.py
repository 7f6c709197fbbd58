"""`bg.order.list.v2.get`, `bg.order.detail.v2.get`, `bg.order.amount.query` (API sections 8 and 9.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from connectors.sandbox.envelope import (
    AMOUNTS_CALCULATING,
    CONFIRM_END_BEFORE_START,
    CROSS_BORDER_UNSUPPORTED,
    ORDER_INVALID,
    ORDER_NOT_FOUND,
    WRONG_AREA,
    GatewayError,
)
from connectors.sandbox.operations.operation import Call, Json, Operation, money, to_json
from connectors.sandbox.operations.order_json import BOTH, COOPERATIVE, SELLER, detail, fulfillment, labels, page_item
from connectors.sandbox.parameters import Form, page_of, pair
from connectors.sandbox.world.book import Key
from connectors.sandbox.world.lifecycle import SHIP_WITHIN, Line, Order, state_at
from connectors.sandbox.world.money import amounts_at

_FOREVER = 1 << 62
_REGION_OF_PREFIX = {"211": "US", "076": "EU", "210": "EU"}
Test = Callable[[Order], bool]


def list_orders(call: Call) -> bytes:
    """One page of the live, descending set; a page beyond the end is empty."""
    page, size = page_of(
        call.params, number="pageNumber", size="pageSize", default=10, limit=100, invalid=ORDER_INVALID
    )
    which = _fulfillment_filter(call)
    keys = _matching(call, which)
    stop = len(keys) - (page - 1) * size
    rows = keys[max(0, stop - size) : max(0, stop)]
    orders = call.shop.book.by_sn
    items = [page_item(call.shop, orders[sn], which) for _, sn in reversed(rows)]
    return b'{"totalItemNum":%d,"pageItems":[%b]}' % (len(keys), b",".join(items))


def _matching(call: Call, which: str) -> Sequence[Key]:
    """Keys in ascending order of the sort time."""
    book, params = call.shop.book, call.params
    placed = pair(params, "createAfter", "createBefore")
    updated = pair(params, "updateAtStart", "updateAtEnd")
    tests = _tests(call, which)
    by_update = params.get("sortby") == "updateTime"
    if by_update or (updated and not placed):
        keys = book.updated_between(*(updated or (0, _FOREVER)))
        if updated and call.delay[0]:
            keys = [key for key in keys if not _is_late(key, call)]
        if placed:
            tests.append(lambda order: placed[0] <= order.placed <= placed[1])
    else:
        keys = book.placed_between(*(placed or (0, _FOREVER)))
        if updated:
            tests.append(lambda order: updated[0] <= book.updated_at(order) <= updated[1])
    if tests:
        keys = [key for key in keys if all(test(book.by_sn[key[1]]) for test in tests)]
    if not by_update and updated and not placed:
        keys = sorted((book.by_sn[sn].placed, sn) for _, sn in keys)
    return keys


def _is_late(key: Key, call: Call) -> bool:
    """Whether this change has not reached the list yet; the same one is late for everybody, and only once."""
    (seconds, share), dice = call.delay, hashlib.blake2b(f"{key[0]}/{key[1]}".encode(), digest_size=4).digest()
    return call.now < key[0] + seconds and int.from_bytes(dice, "big") < share * 2**32


def _fulfillment_filter(call: Call) -> str:
    """Omitted: only lines that the seller ships come back (API section 8.2)."""
    wanted = set(call.params.get("fulfillmentTypeList") or [SELLER])
    if not wanted <= {SELLER, COOPERATIVE}:
        raise GatewayError(ORDER_INVALID, "fulfillmentTypeList")
    return BOTH if len(wanted) == 2 else wanted.pop()


def _tests(call: Call, which: str) -> list[Test]:
    params, now = call.params, call.now
    tests: list[Test] = []
    if which != BOTH:
        tests.append(lambda order: any(fulfillment(line) == which for line in order.lines))
    if numbers := params.get("parentOrderSnList"):
        if len(numbers) > 20:
            raise GatewayError(ORDER_INVALID, "parentOrderSnList")
        tests.append(lambda order, wanted=frozenset(numbers): order.sn in wanted)  # type: ignore[misc]
    if (status := params.get("parentOrderStatus")) not in (None, 0):
        tests.append(lambda order: state_at(order, now).status == status)
    if wanted := params.get("parentOrderLabel"):
        tests.append(lambda order: any(labels(order, state_at(order, now), now).get(name) for name in wanted))
    if (sku_id := params.get("skuId")) is not None:
        tests.append(lambda order: any(line.listing.sku_id == sku_id for line in order.lines))
    if (region := params.get("regionId")) not in (None, call.shop.profile.region_id):
        tests.append(lambda _order, _region=region: False)  # type: ignore[misc]
    return tests + _deadline_tests(call)


def _deadline_tests(call: Call) -> list[Test]:
    tests: list[Test] = []
    confirmed = pair(call.params, "parentConfirmTimeStart", "parentConfirmTimeEnd")
    if confirmed:
        if confirmed[1] <= confirmed[0]:
            raise GatewayError(CONFIRM_END_BEFORE_START)
        tests.append(lambda order: confirmed[0] <= (state_at(order, call.now).confirmed_at or 0) <= confirmed[1])
    ship_by = pair(call.params, "expectShipLatestTimeStart", "expectShipLatestTimeEnd")
    if ship_by:
        tests.append(
            lambda order: (
                state_at(order, call.now).confirmed_at is not None
                and ship_by[0] <= order.placed + SHIP_WITHIN <= ship_by[1]
            )
        )
    return tests


def find_order(call: Call) -> Order:
    """The order named by `parentOrderSn`; of another region 120011072, of another shop or none 140020002."""
    sn = call.params.get("parentOrderSn")
    if not sn:
        raise GatewayError(ORDER_INVALID, "parentOrderSn")
    if _REGION_OF_PREFIX.get(sn[3:6], call.region) != call.region:
        raise GatewayError(WRONG_AREA)
    order = call.shop.book.by_sn.get(sn)
    if order is None or order.placed > call.now:
        raise GatewayError(ORDER_NOT_FOUND)
    return order


def order_detail(call: Call) -> bytes:
    """One order with package numbers."""
    return detail(call.shop, find_order(call), _fulfillment_filter(call))


def find_priced_order(call: Call) -> Order:
    """As `find_order`; local shops only, and not before the platform has finished computing (140020008)."""
    if not call.shop.profile.is_local:
        raise GatewayError(CROSS_BORDER_UNSUPPORTED)
    order = find_order(call)
    if call.now < order.amounts_ready:
        raise GatewayError(AMOUNTS_CALCULATING)
    return order


def order_amounts(call: Call) -> bytes:
    """Estimated money of one order."""
    order = find_priced_order(call)
    currency = call.shop.profile.currency
    return to_json(
        {
            "parentOrderMap": _totals(order, call.now, currency),
            "orderList": [_line_amounts(line, currency) for line in order.lines],
            "warning": [],
        }
    )


def _totals(order: Order, now: int, currency: str) -> Json:
    sums = amounts_at(order, now)
    values = {
        "basePriceTotal": sums.base,
        "shippingAmountTotal": sums.shipping,
        "taxTotal": sums.tax,
        "discountFromSeller": sums.seller_discount,
        "discountFromTEMU": sums.temu_discount,
        "refundsTotal": sums.refunds,
        "estimatedRevenueDeduction": sums.deduction,
        "estimatedRevenue": sums.estimated_revenue,
        "retailPriceTotal": sums.retail,
        "customerPaid": sums.customer_paid,
        "totalDiscount": sums.seller_discount + sums.temu_discount,
    }
    sign = sums.sign_on_delivery
    return {
        "parentOrderSn": order.sn,
        **{name: money(amount, currency) for name, amount in values.items()},
        "signOnDelivery": None if sign is None else money(sign, currency),
    }


def _line_amounts(line: Line, currency: str) -> Json:
    return {
        "orderSn": line.order_sn,
        "quantity": line.ordered,
        "basePrice": money(line.unit_base * line.ordered, currency),
        "unitBasePrice": money(line.unit_base, currency),
        "unitRetailPrice": money(line.unit_retail, currency),
        "discountFromSeller": money(line.seller_discount, currency),
        "discountFromTEMU": money(line.temu_discount, currency),
        "shipAmountTotal": money(line.shipping, currency),
    }


_LIST_FORMS = {
    **dict.fromkeys(
        (
            "pageNumber", "pageSize", "parentOrderStatus", "createAfter", "createBefore", "updateAtStart",
            "updateAtEnd", "parentConfirmTimeStart", "parentConfirmTimeEnd", "expectShipLatestTimeStart",
            "expectShipLatestTimeEnd", "regionId", "skuId",
        ),
        Form.INT,
    ),
    **dict.fromkeys(
        ("parentOrderSnList", "fulfillmentTypeList", "parentOrderLabel", "packageAbnormalTypeList"), Form.STRINGS
    ),
    "sortby": Form.STRING, "hasPreSaleOrder": Form.BOOL, "hasQualificationRequiredOrder": Form.BOOL,
}  # fmt: skip
_ONE_FORMS = {"parentOrderSn": Form.STRING, "fulfillmentTypeList": Form.STRINGS}

OPERATIONS = (
    Operation(
        "bg.order.list.v2.get", list_orders, _LIST_FORMS, rows="pageItems", total="totalItemNum", key="parentOrderSn"
    ),
    Operation("bg.order.detail.v2.get", order_detail, _ONE_FORMS),
    Operation("bg.order.amount.query", order_amounts, _ONE_FORMS, sensitive=True),
)
