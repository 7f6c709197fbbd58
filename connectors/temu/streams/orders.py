"""Orders, their money, where they go and their package numbers (API reference §8, §9)."""

from __future__ import annotations

from dataclasses import replace

from connectors.temu.entities import Entity, Instant
from connectors.temu.models import orders as models
from connectors.temu.streams import rest
from connectors.temu.streams.shapes import Bounds, ByOrder, ByWindow, Listing, Lookup, Stream

_ALL_FULFILMENT = ("fulfillBySeller", "fulfillByCooperativeWarehouse")
"""Left out, the platform answers with the seller's own lines only (§8.2)."""

SHIPPED = (4, 41, 5, 51)
_JAPAN, _SOUTH_KOREA, _BOSNIA, _ICELAND = 100, 185, 27, 91

ORDER_LIST = Listing(
    api_type="bg.order.list.v2.get",
    entity=Entity(
        table="orders",
        model=models.Order,
        key=("parent_order_map.parent_order_sn",),
        columns=("parent_order_map.parent_order_status", Instant("parent_order_map.parent_order_time")),
        cursor="parent_order_map.update_time",
    ),
    page_word="pageNumber",
    page_size=100,
    total_word="totalItemNum",
    rows_word="pageItems",
    params={"sortby": "updateTime", "fulfillmentTypeList": _ALL_FULFILMENT},
    window=Bounds("updateAtStart", "updateAtEnd"),
)

ORDERS = Stream(
    name="orders",
    description="Parent orders with their lines, by update time; superseded states go to order_versions.",
    rest=rest.ORDERS,
    partitioning="shop_day",
    tables=("orders", "order_versions"),
    reading=ByWindow(ORDER_LIST),
    by_creation=ByWindow(
        replace(
            ORDER_LIST,
            params={"sortby": "createTime", "fulfillmentTypeList": _ALL_FULFILMENT},
            window=Bounds("createAfter", "createBefore"),
            clock=1,  # order_time
        )
    ),
)

ORDER_AMOUNTS = Stream(
    name="order_amounts",
    description="Money of each parent order, read again when the order or one of its after-sales cases changes.",
    partitioning="shop_day",
    tables=("order_amounts",),
    reading=ByOrder(
        Lookup(
            api_type="bg.order.amount.query",
            entity=Entity(table="order_amounts", model=models.OrderAmount),
            words={"parentOrderSn": "order_sn"},
            variants={
                **dict.fromkeys((_JAPAN, _SOUTH_KOREA), "temu.order.amount.v2.query"),
                **dict.fromkeys((_BOSNIA, _ICELAND), "temu.order.amount.v3.query"),
            },
            caveat="warning",
        ),
        follows_after_sales=True,
    ),
)

ORDER_DETAILS = Stream(
    name="order_details",
    description="Country and state of each shipped parent order, read once; its packages where no shipment tells them.",
    partitioning="shop_day",
    tables=("order_details",),
    reading=ByOrder(
        Lookup(
            api_type="bg.order.detail.v2.get",
            entity=Entity(table="order_details", model=models.OrderDetail),
            words={"parentOrderSn": "order_sn"},
            params={"fulfillmentTypeList": _ALL_FULFILMENT},
        ),
        statuses=SHIPPED,
        spares=True,
    ),
)
