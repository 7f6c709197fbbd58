"""The second face: the simplified REST interface with HMAC-SHA256 (API section 17), over the same shops and orders.

Belongs here: its paths, signature, envelope and flat records. Each child order is an order of its own; its status is a
word. Nobody documents envelope, lists and codes of this interface; they are those of the synthetic samples.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from connectors.sandbox.operations.goods import FOR_SALE, bucket_of, listed_shelves
from connectors.sandbox.operations.operation import Call, Json, decimal_string, to_json
from connectors.sandbox.sandbox import Sandbox
from connectors.sandbox.tokens import Grant
from connectors.sandbox.world.activities import CLEARANCE, LIGHTNING
from connectors.sandbox.world.lifecycle import LineState, Order, state_at
from connectors.sandbox.world.money import sales_amount
from connectors.sandbox.world.stock import Shelf

PATHS = ("/api/order/list", "/api/order/detail", "/api/product/list", "/api/product/detail", "/api/activity/list")
_CLOCK_SKEW = 300
_LARGEST_PAGE = 100
_WORDS = {1: "pending", 2: "paid", 3: "cancelled", 4: "shipped", 41: "shipped", 5: "delivered", 51: "delivered"}
_ACTIVITY_WORDS = {1: "upcoming", 2: "active", 3: "ended"}


class RefusedError(Exception):
    """An answer with an HTTP status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RestFace:
    """Answers POST requests on `PATHS`; app keys and tokens are those of the router."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._handlers: Mapping[str, Callable[[Call], Json]] = {
            "/api/order/list": _orders, "/api/order/detail": _order, "/api/product/list": _products,
            "/api/product/detail": _product, "/api/activity/list": _activities,
        }  # fmt: skip

    def answer(self, region: str, path: str, body: bytes) -> tuple[int, bytes, int]:
        """HTTP status, body and the instant of the answer."""
        now = self._sandbox.now()
        try:
            params = msgspec.json.decode(body, type=dict[str, Any])
            grant = self._admit(region, params, now)
            result = self._handlers[path](Call(grant.shop, region, now, params))
        except msgspec.DecodeError:
            return 400, _envelope(400, "the body is no JSON object"), now
        except RefusedError as refusal:
            status = 200 if refusal.status == 404 else refusal.status
            return status, _envelope(refusal.status, str(refusal)), now
        return 200, to_json({"success": True, "error_code": 0, "error_msg": "", "result": result}), now

    def _admit(self, region: str, params: Mapping[str, Any], now: int) -> Grant:
        secret = self._sandbox.tokens.secret_of(region, str(params.get("app_key", "")))
        if secret is None:
            raise RefusedError(401, "app_key is unknown")
        stamp = params.get("timestamp")
        if type(stamp) is not int or abs(stamp - now) > _CLOCK_SKEW:
            raise RefusedError(401, "timestamp is missing or expired")
        given = str(params.get("sign", ""))
        if not hmac.compare_digest(given.encode(), expected_sign(params, secret).encode()):
            raise RefusedError(401, "sign is invalid")
        grant = self._sandbox.tokens.grant_of(str(params.get("access_token", "")))
        if grant is None or grant.app_key != params["app_key"] or not grant.current or grant.expires <= now:
            raise RefusedError(401, "access_token is invalid")
        if not self._sandbox.quota.allows(grant.app_key):
            raise RefusedError(429, "too many requests")
        return grant


def expected_sign(params: Mapping[str, Any], secret: str) -> str:
    """HMAC-SHA256 in upper case over secret + sorted key/value pairs + secret, without `sign`."""
    text = secret
    for key in sorted(params):
        if key != "sign":
            value = params[key]
            text += key + (json.dumps(value) if isinstance(value, dict | list) else str(value))
    return hmac.new(secret.encode(), (text + secret).encode(), hashlib.sha256).hexdigest().upper()


def _envelope(code: int, message: str) -> bytes:
    return to_json({"success": False, "error_code": code, "error_msg": message, "result": None})


def _page(call: Call, name: str, rows: list[Json]) -> Json:
    page, size = call.params.get("page", 1), call.params.get("page_size", _LARGEST_PAGE)
    if type(page) is not int or type(size) is not int or page < 1 or not 1 <= size <= _LARGEST_PAGE:
        raise RefusedError(400, "page or page_size is invalid")
    return {"total": len(rows), "page": page, "page_size": size, name: rows[(page - 1) * size : page * size]}


def _orders(call: Call) -> Json:
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


def _order(call: Call) -> Json:
    found = next((row for row in _flat_orders(call) if row["order_sn"] == call.params.get("order_sn")), None)
    if found is None:
        raise RefusedError(404, "the order does not exist")
    return found


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


def _products(call: Call) -> Json:
    rows = [_flat_product(call, shelf) for shelf in listed_shelves(call)]
    wanted = call.params.get("status")
    return _page(call, "product_list", [row for row in rows if wanted in (None, row["status"])])


def _product(call: Call) -> Json:
    shelves = [shelf for shelf in listed_shelves(call) if _product_id(shelf) == call.params.get("product_id")]
    if not shelves:
        raise RefusedError(404, "the product does not exist")
    return _flat_product(call, shelves[0])


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


def _activities(call: Call) -> Json:
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
