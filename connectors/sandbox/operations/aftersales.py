"""After-sales lists, the case detail and the cancellation list (API section 13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from connectors.sandbox.envelope import AFTER_SALES_ILLEGAL, CASE_NOT_FOUND, GatewayError
from connectors.sandbox.operations.operation import Call, Json, Operation, money, to_json
from connectors.sandbox.parameters import Form, page_of, pair
from connectors.sandbox.world.aftersales import GROUPS, REQUESTED, Case, Refund
from connectors.sandbox.world.lifecycle import Event, Kind, Line, Order, state_of
from connectors.sandbox.world.shops import ShopProfile

Found = tuple[Order, Case, int, int]  # order, case, update time, status
_CANCELS = (Kind.CANCELED_PENDING, Kind.CANCELED, Kind.UNITS_CANCELED, Kind.LOST)
_APPROVED = 9
_CNY_TENTHS_PER_USD = 71
_ANSWER_WITHIN = 2 * 86_400


def list_parents(call: Call) -> bytes:
    """One page of cases, latest change (or creation, when asked by it) first; one time pair is required."""
    page, size = _page(call)
    created = pair(call.params, "createAtStart", "createAtEnd")
    updated = pair(call.params, "updateAtStart", "updateAtEnd")
    if created is None and updated is None:
        raise GatewayError(AFTER_SALES_ILLEGAL)
    found = [
        row
        for row in _existing(call)
        if (created is None or created[0] <= row[1].created <= created[1])
        and (updated is None or updated[0] <= row[2] <= updated[1])
        and _is_wanted(call, row)
    ]
    found.sort(key=lambda row: (row[2] if updated else row[1].created, row[1].sn), reverse=True)
    rows = [_parent(row) for row in found[(page - 1) * size : page * size]]
    return to_json({"total": len(found), "pageNumber": page, "data": rows})


def list_lines(call: Call) -> bytes:
    """Lines of the named cases; neither money nor the child order's number."""
    page, size = _page(call)
    wanted = call.params.get("parentAfterSalesSnList")
    if not wanted:
        raise GatewayError(AFTER_SALES_ILLEGAL)
    found = [row for row in _existing(call) if row[1].sn in wanted]
    rows = [_line(row) for row in found[(page - 1) * size : page * size]]
    return to_json({"total": len(found), "pageNumber": page, "data": rows})


def case_detail(call: Call) -> bytes:
    """One case with the buyer's refund per part; both numbers are required."""
    parent, sn = call.params.get("parentOrderSn"), call.params.get("parentAfterSalesSn")
    if not parent or not sn:
        raise GatewayError(AFTER_SALES_ILLEGAL)
    order, case = call.shop.cases.get(sn, (None, None))
    step = case.step_at(call.now) if case else None
    if order is None or case is None or step is None or order.sn != parent:
        raise GatewayError(CASE_NOT_FOUND)
    row = (order, case, *step)
    return to_json(_detail(row, call.shop.profile))


def list_cancellations(call: Call) -> bytes:
    """Cancelled lines, newest first; the platform offers no time filter here."""
    page, size = _page(call)
    if call.params.get("afterSalesStatusGroup") not in (None, _APPROVED):
        return to_json({"total": 0, "pageNumber": page, "data": []})
    parents, cases = call.params.get("parentOrderSnList"), call.params.get("parentAfterSalesSnList")
    found = [
        (event, order)
        for order in call.shop.book.by_sn.values()
        if not parents or order.sn in parents
        for event in order.events
        if event.kind in _CANCELS and event.at <= call.now and (not cases or cancel_sn(order, event) in cases)
    ]
    found.sort(key=lambda row: (row[0].at, row[1].sn), reverse=True)
    rows = [_cancellation(event, order) for event, order in found[(page - 1) * size : page * size]]
    return to_json({"total": len(found), "pageNumber": page, "data": rows})


def _page(call: Call) -> tuple[int, int]:
    return page_of(call.params, number="pageNo", size="pageSize", default=10, limit=200, invalid=AFTER_SALES_ILLEGAL)


def _existing(call: Call) -> Iterator[Found]:
    for order, case in call.shop.cases.values():
        step = case.step_at(call.now)
        if step:
            yield order, case, step[0], step[1]


def _is_wanted(call: Call, row: Found) -> bool:
    params = call.params
    parents, cases = params.get("parentOrderSnList"), params.get("parentAfterSalesSnList")
    group = params.get("afterSalesStatusGroup")
    groups = (1, 2) if row[3] == REQUESTED else (GROUPS[row[3]],)
    return (
        (not parents or row[0].sn in parents) and (not cases or row[1].sn in cases) and (not group or group in groups)
    )


def _parent(row: Found) -> Json:
    order, case, updated, status = row
    waiting = status == REQUESTED
    return {
        "parentAfterSalesSn": case.sn,
        "parentOrderSn": order.sn,
        "parentAfterSalesStatus": status,
        "afterSalesStatusGroup": GROUPS[status] or None,
        "afterSalesType": case.kind,
        "createAt": case.created,
        "updateAt": updated,
        "operateExpireTimeMs": (case.created + _ANSWER_WITHIN) * 1000 if waiting else None,
        "availableOperateList": [1] if waiting else [],
        "returnDeliveryType": 1 if case.kind == 2 else None,
    }


def _products(line: Line) -> Sequence[Json]:
    return [{"productSkuId": line.listing.product_sku_id, "extCode": line.listing.code}]


def _line(row: Found) -> Json:
    order, case, _, status = row
    line = order.lines[case.line]
    return {
        "parentAfterSalesSn": case.sn,
        "afterSalesSn": f"{case.sn}-1",
        "afterSalesStatus": status,
        "afterSalesType": case.kind,
        "goodsId": line.listing.goods_id,
        "skuId": line.listing.sku_id,
        "productSkuId": line.listing.product_sku_id,
        "productList": _products(line),
        "applyAfterSalesGoodsNumber": case.units,
    }


def _for_buyer(refund: Refund, profile: ShopProfile) -> Refund:
    """Buyers of a semi-managed shop pay and get back the site's currency, not that of the supply price."""
    if profile.is_local:
        return refund
    return Refund(**{name: value * 10 // _CNY_TENTHS_PER_USD for name, value in asdict(refund).items()})


def _detail(row: Found, profile: ShopProfile) -> Json:
    order, case, updated, status = row
    line, refund = order.lines[case.line], _for_buyer(case.refund, profile)
    currency = profile.currency if profile.is_local else "USD"
    return {
        "parentAfterSalesSn": case.sn,
        "parentOrderSn": order.sn,
        "parentAfterSalesStatus": status,
        "afterSalesType": case.kind,
        "createAtMillis": case.created * 1000,
        "lastUpdateAtMillis": updated * 1000,
        "availableOperateList": [1] if status == REQUESTED else [],
        "refundSummary": {
            "retailPriceRefundTaxExcl": money(refund.retail, currency),
            "discountFromSellerRefund": money(refund.seller_discount, currency),
            "discountFromTEMURefund": money(refund.temu_discount, currency),
            "shippingAmountRefundTaxExcl": money(refund.shipping, currency),
            "taxTotalRefund": money(refund.tax, currency),
            "buyerTotalRefund": money(refund.buyer_total, currency),
        },
        "afterSalesList": [
            {
                "afterSalesSn": f"{case.sn}-1",
                "orderSn": line.order_sn,
                "afterSalesStatus": status,
                "applyAfterSalesGoodsNumber": case.units,
                "applyRefundAmount": money(refund.buyer_total, currency),
                "afterSalesReasonCode": case.reason[0],
                "afterSalesReasonDesc": case.reason[1],
                "buyerComment": f"My parcel {line.package_sn} was not what I hoped for. Greetings, Jo Sample",
                "afterSalesGoodsInfo": {
                    "goodsId": line.listing.goods_id,
                    "skuId": line.listing.sku_id,
                    "productSkuId": line.listing.product_sku_id,
                    "productList": _products(line),
                },
            }
        ],
    }


def cancel_sn(order: Order, event: Event) -> str:
    """The number of a cancellation case; a line may lose units before shipment and the rest on its way."""
    return f"PA-{order.sn[3:6]}-{order.sn[7:22]}9{order.events.index(event)}"


def _cancellation(event: Event, order: Order) -> Json:
    sn = cancel_sn(order, event)
    before = state_of(order, order.events.index(event))
    return {
        "parentAfterSalesSn": sn,
        "parentAfterSalesStatus": 5,
        "afterSalesInfoList": [
            {
                "afterSalesSn": f"{sn}-{index + 1}",
                "parentOrderSn": order.sn,
                "orderSn": order.lines[index].order_sn,
                "productSkuId": order.lines[index].listing.product_sku_id,
                "goodsId": order.lines[index].listing.goods_id,
                "applyGoodsNumber": event.units or before.lines[index].quantity,
                "productList": _products(order.lines[index]),
                "createAtMillis": event.at * 1000,
            }
            for index in event.lines
        ],
    }


_COMMON = {
    **dict.fromkeys(("pageNo", "pageSize", "afterSalesStatusGroup"), Form.INT),
    **dict.fromkeys(("parentOrderSnList", "parentAfterSalesSnList"), Form.STRINGS),
}
_PARENT_FORMS = {
    **_COMMON,
    **dict.fromkeys(("createAtStart", "createAtEnd", "updateAtStart", "updateAtEnd"), Form.INT),
}
_DETAIL_FORMS = {"parentOrderSn": Form.STRING, "parentAfterSalesSn": Form.STRING}

OPERATIONS = (
    Operation(
        "bg.aftersales.parentaftersales.list.get", list_parents, _PARENT_FORMS,
        rows="data", total="total", key="parentAfterSalesSn",
    ),
    Operation(
        "bg.aftersales.aftersales.list.get", list_lines, _COMMON, rows="data", total="total", key="afterSalesSn"
    ),
    Operation("temu.aftersales.parentaftersales.detail.get", case_detail, _DETAIL_FORMS),
    Operation(
        "bg.aftersales.cancel.list.get", list_cancellations, _COMMON,
        rows="data", total="total", key="parentAfterSalesSn",
    ),
)  # fmt: skip
