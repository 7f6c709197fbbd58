"""What the simplified REST interface offers (API section 17): a path each, over the same shops and orders.

Belongs here: its paths, parameters and flat records. Each child order is an order of its own; its status is a word.
Nobody documents lists of this interface; they are those of the synthetic samples.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.operations.goods import FOR_SALE, bucket_of, listed_shelves
from connectors.sandbox.operations.operation import Call, Json, Operation, decimal_string, to_json
from connectors.sandbox.world.activities import CLEARANCE, LIGHTNING
from connectors.sandbox.world.lifecycle import LineState, Order, state_at
from connectors.sandbox.world.money import sales_amount
from connectors.sandbox.world.stock import Shelf

_LARGEST_PAGE = 100
_WORDS = {1: "pending", 2: "paid", 3: "cancelled", 4: "shipped", 41: "shipped", 5: "delivered", 51: "delivered"}
_ACTIVITY_WORDS = {1: "upcoming", 2: "active", 3: "ended"}


class RefusedError(Exception):
    """An answer with an HTTP status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _page(call: Call, name: str, rows: list[Json]) -> bytes:
    page, size = call.params.get("page", 1), call.params.get("page_size", _LARGEST_PAGE)
    if type(page) is not int or type(size) is not int or page < 1 or not 1 <= size <= _LARGEST_PAGE:
        raise RefusedError(400, "page or page_size is invalid")
    shown = rows[(page - 1) * size : page * size]
    return to_json({"total": len(rows), "page": page, "page_size": size, name: shown})


def _orders(call: Call) -> bytes:
    """By time of the order, both ends inclusive, newest first."""
    low, high = call.params.get("start_time"), call.params.get("end_time")
    wanted = call.params.get("status")
    rows = [
        row
        for row in _flat_orders(call)
        if (low is None or row["order_time"] >= low)
        and (high is None or row["order_time"] <= high)
        and wanted in (None, row["status"])
    ]
    return _page(call, "order_list", sorted(rows, key=lambda row: (-row["order_time"], row["order_sn"])))


def _order(call: Call) -> bytes:
    found = next((row for row in _flat_orders(call) if row["order_sn"] == call.params.get("order_sn")), None)
    if found is None:
        raise RefusedError(404, "the order does not exist")
    return to_json(found)


def _flat_orders(call: Call) -> Iterator[Json]:
    for order in call.shop.book.by_sn.values():
        if order.placed <= call.now:
            state = state_at(order, call.now)
            for index, line in enumerate(state.lines):
                yield _flat_order(call, order, index, line, state.confirmed_at)


def _flat_order(call: Call, order: Order, index: int, state: LineState, paid_at: int | None) -> Json:
    line = order.lines[index]
    refunded = any(case.line == index and case.is_refunded_at(call.now) for case in order.cases)
    return {
        "order_sn": line.order_sn,
        "order_id": order.sn,
        "product_name": line.listing.family.title,
        "sku": line.listing.code or line.listing.article,
        "quantity": state.quantity,
        "unit_price": decimal_string(line.unit_base),
        "total_amount": str(sales_amount(line, state.quantity)),
        "currency": call.shop.profile.currency,
        "status": "refunded" if refunded and state.status in (5, 51) else _WORDS[state.status],
        "order_time": order.placed,
        "payment_time": paid_at,
        "shipping_time": state.shipped_at,
        "delivery_time": state.delivered_at,
        "customer_id": f"c-{order.sn[-12:]}",
        "shipping_country": call.shop.profile.region,
    }


def _products(call: Call) -> bytes:
    rows = [_flat_product(call, shelf) for shelf in listed_shelves(call)]
    wanted = call.params.get("status")
    return _page(call, "product_list", [row for row in rows if wanted in (None, row["status"])])


def _product(call: Call) -> bytes:
    shelves = [shelf for shelf in listed_shelves(call) if _product_id(shelf) == call.params.get("product_id")]
    if not shelves:
        raise RefusedError(404, "the product does not exist")
    return to_json(_flat_product(call, shelves[0]))


def _product_id(shelf: Shelf) -> str:
    return f"p-{shelf.listing.sku_id}"


def _flat_product(call: Call, shelf: Shelf) -> Json:
    listing = shelf.listing
    return {
        "product_id": _product_id(shelf),
        "product_name": listing.family.title,
        "sku": listing.code or listing.article,
        "price": decimal_string(listing.price_on(call.shop.day_since_opening(call.now))),
        "currency": call.shop.profile.currency,
        "stock": shelf.level_at(call.now),
        "status": "active" if bucket_of(call, shelf) == FOR_SALE else "inactive",
        "description": "",
        "image_url": f"https://img.example.invalid/p/{listing.sku_id}.jpg",
        "category": listing.family.category,
    }


def _activities(call: Call) -> bytes:
    kinds = {LIGHTNING: "flash_sale", CLEARANCE: "discount"}
    rows = [
        {
            "activity_id": f"a-{activity.activity_id}",
            "activity_name": activity.name,
            "activity_type": kinds.get(activity.kind, "bundle"),
            "start_time": activity.start,
            "end_time": activity.end,
            "status": _ACTIVITY_WORDS[activity.status_at(call.now)],
            "description": "",
        }
        for activity in call.shop.activities_until(call.now)
    ]
    return _page(call, "activity_list", rows)


OPERATIONS = (
    Operation("/api/order/list", _orders, rows="order_list", total="total", key="order_sn"),
    Operation("/api/order/detail", _order),
    Operation("/api/product/list", _products, rows="product_list", total="total", key="product_id"),
    Operation("/api/product/detail", _product),
    Operation("/api/activity/list", _activities, rows="activity_list", total="total", key="activity_id"),
)
