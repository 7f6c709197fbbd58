"""Records of the simplified REST interface (API reference §17): flat, snake_case, words for statuses, decimal strings.

One order is one SKU. Fields that never come (`status_code` and the like) stand for columns that this dialect leaves
empty.
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import ConfigDict

from connectors.temu.models.fields import Code, Epoch, Id, Int, Number, Record


class PlainRecord(Record):
    """Base of these records: names are as they are on the wire."""

    model_config = ConfigDict(alias_generator=None)


class PlainOrder(PlainRecord):
    """One order of one SKU with its money; instants are epoch seconds. There is no update time."""

    order_sn: Number
    status_code: Code | None = None
    order_time: Epoch | None = None
    payment_time: Epoch | None = None
    shipping_time: Epoch | None = None
    delivery_time: Epoch | None = None


class PlainProduct(PlainRecord):
    """One SKU with price and stock."""

    product_id: Number
    goods_id: Id | None = None
    sku: str | None = None
    stock: Int | None = None
    price: Decimal | None = None
    currency: str | None = None


class PlainActivity(PlainRecord):
    """One promotion; its kind is a word."""

    activity_id: Number
    kind_code: Int | None = None
    start_time: Epoch | None = None
    end_time: Epoch | None = None
