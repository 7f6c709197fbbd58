"""The streams of shops that speak the simplified REST interface (API reference §17): same names, same raw tables.

The filter of the order list is taken to be about the time of the order, the only one that every order has: an order
that changes later is found again because a live window reaches back `SETTLE`.
"""

from __future__ import annotations

from datetime import timedelta

from connectors.temu.entities import Entity, Instant
from connectors.temu.models import rest as models
from connectors.temu.streams.shapes import Bounds, ByCatalogue, ByWindow, Listing

SETTLE = timedelta(days=45)
"""By then an order has been delivered and, if at all, refunded."""
PROBE = "/api/product/list"
"""Asked with a page of one, to learn whether anybody answers: there is no token check."""
ORDER_DETAIL = "/api/order/detail"
PRODUCT_DETAIL = "/api/product/detail"
"""One record by its number: the same fields as in the list. Activities have no such path."""

ORDERS = ByWindow(
    Listing(
        api_type="/api/order/list",
        entity=Entity(
            table="orders",
            model=models.PlainOrder,
            key=("order_sn",),
            columns=("status_code", Instant("order_time")),
            cursor=("order_time", "payment_time", "shipping_time", "delivery_time"),
        ),
        rows_word="order_list",
        window=Bounds("start_time", "end_time"),
        clock=1,
        page_word="page",
        size_word="page_size",
        total_word="total",
    ),
    settle=SETTLE,
)

PRODUCT_COPIES = Entity(
    table="product_snapshots",
    model=models.PlainProduct,
    key=("product_id",),
    columns=("stock", "price", "currency"),
    dated=True,
    numbered=True,
)

PRODUCTS = ByCatalogue(
    Listing(
        api_type=PROBE,
        entity=Entity(
            table="products",
            model=models.PlainProduct,
            key=("product_id",),
            columns=("goods_id", "sku"),
            numbered=True,
        ),
        rows_word="product_list",
        page_word="page",
        size_word="page_size",
        total_word="total",
    ),
    snapshot=PRODUCT_COPIES,
)

ACTIVITIES = ByCatalogue(
    Listing(
        api_type="/api/activity/list",
        entity=Entity(
            table="activities",
            model=models.PlainActivity,
            key=("activity_id",),
            columns=("kind_code", Instant("start_time"), Instant("end_time")),
            numbered=True,
        ),
        rows_word="activity_list",
        page_word="page",
        size_word="page_size",
        total_word="total",
    )
)
