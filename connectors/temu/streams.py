"""The streams: what can be read from a shop, in dependency order. Adding one = an entry here and a model.

Belongs here: operation names, paging words and time filters, copied exactly from API reference §7–§13 (a misspelt word
is ignored by the platform without an error), and which entity each answer holds. How they are read: `extract`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from connectors.temu import models
from connectors.temu.entities import Entity, Instant


@dataclass(frozen=True)
class Listing:
    """An operation that answers page by page. `window` names its pair of inclusive bounds in epoch seconds."""

    api_type: str
    entity: Entity
    page_word: str
    page_size: int
    total_word: str
    rows_word: str
    params: Mapping[str, object] = field(default_factory=dict)
    window: tuple[str, str] | None = None
    leaf_rows: int = 1000


@dataclass(frozen=True)
class Lookup:
    """An operation that answers about one parent record. `words` maps its parameters to attributes of `Parent`.

    `variants` names other operations by the region id inside the order number, `PO-<region>-…` (§9.2, §9.3).
    """

    api_type: str
    entity: Entity
    words: Mapping[str, Literal["sn", "order_sn"]]
    params: Mapping[str, object] = field(default_factory=dict)
    variants: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ByWindow:
    """Read a window of update time; ask for the detail of every record that changed since it was last asked for."""

    listing: Listing
    lookup: Lookup | None = None


@dataclass(frozen=True)
class ByOrder:
    """Ask about each landed order that changed since; `statuses` limits it to parents in these states (§8.1)."""

    lookup: Lookup
    statuses: tuple[int, ...] | None = None
    follows_after_sales: bool = False


@dataclass(frozen=True)
class ByCatalogue:
    """Read a whole list, bucket by bucket; keep a dated copy; read the children of every record that is not closed."""

    listing: Listing
    buckets: tuple[Mapping[str, object], ...]
    snapshot: Entity | None = None
    children: Listing | None = None
    child_word: str = ""


@dataclass(frozen=True)
class Stream:
    """One thing a shop is read for. `tables` are the raw tables that it lands, its own first."""

    name: str
    description: str
    partitioning: Literal["shop_day", "shop"]
    tables: tuple[str, ...]
    reading: ByWindow | ByOrder | ByCatalogue

    @property
    def operations(self) -> tuple[str, ...]:
        """API types that the shop's token must be allowed to call."""
        reading = self.reading
        if isinstance(reading, ByOrder):
            return (reading.lookup.api_type,)
        second = reading.lookup if isinstance(reading, ByWindow) else reading.children
        return (reading.listing.api_type, *([second.api_type] if second else []))


_ALL_FULFILMENT = ("fulfillBySeller", "fulfillByCooperativeWarehouse")
"""Left out, the platform answers with the seller's own lines only (§8.2)."""

_SHIPPED = (4, 41, 5, 51)
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
    window=("updateAtStart", "updateAtEnd"),
)

_ORDERS = Stream(
    name="orders",
    description="Parent orders with their lines, by update time; superseded states go to order_versions.",
    partitioning="shop_day",
    tables=("orders", "order_versions"),
    reading=ByWindow(ORDER_LIST),
)

_AFTER_SALES = Stream(
    name="after_sales",
    description="After-sales cases by update time, each with its refund amounts.",
    partitioning="shop_day",
    tables=("after_sales", "after_sales_details"),
    reading=ByWindow(
        Listing(
            api_type="bg.aftersales.parentaftersales.list.get",
            entity=Entity(
                table="after_sales",
                model=models.AfterSales,
                key=("parent_after_sales_sn",),
                columns=("parent_order_sn", "parent_after_sales_status"),
                cursor="update_at",
            ),
            page_word="pageNo",
            page_size=200,
            total_word="total",
            rows_word="data",
            window=("updateAtStart", "updateAtEnd"),
            leaf_rows=200,
        ),
        Lookup(
            api_type="temu.aftersales.parentaftersales.detail.get",
            entity=Entity(table="after_sales_details", model=models.AfterSalesDetail, columns=("parent_order_sn",)),
            words={"parentAfterSalesSn": "sn", "parentOrderSn": "order_sn"},
        ),
    ),
)

_ORDER_AMOUNTS = Stream(
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
        ),
        follows_after_sales=True,
    ),
)

_ORDER_DETAILS = Stream(
    name="order_details",
    description="Package numbers of shipped parent orders.",
    partitioning="shop_day",
    tables=("order_details",),
    reading=ByOrder(
        Lookup(
            api_type="bg.order.detail.v2.get",
            entity=Entity(table="order_details", model=models.OrderDetail),
            words={"parentOrderSn": "order_sn"},
            params={"fulfillmentTypeList": _ALL_FULFILMENT},
        ),
        statuses=_SHIPPED,
    ),
)

_PRODUCTS = Stream(
    name="products",
    description="SKUs on and off sale with stock and supply price, and one dated copy a day.",
    partitioning="shop",
    tables=("products", "product_snapshots"),
    reading=ByCatalogue(
        Listing(
            api_type="bg.local.goods.sku.list.query",
            entity=Entity(table="products", model=models.Sku, key=("sku_id",), columns=("goods_id", "sku_sn")),
            page_word="pageNo",
            page_size=100,
            total_word="total",
            rows_word="skuList",
        ),
        # Oldest first: a SKU that is added while we read lands on the last page and shifts nothing.
        buckets=tuple({"skuSearchType": kind, "orderField": "createTime", "orderType": 1} for kind in (2, 3)),
        snapshot=Entity(
            table="product_snapshots",
            model=models.Sku,
            key=("sku_id",),
            columns=("stock", "price", "currency"),
            dated=True,
        ),
    ),
)

_ACTIVITIES = Stream(
    name="activities",
    description="Promotions of all four types and the products enrolled in them.",
    partitioning="shop",
    tables=("activities", "activity_goods"),
    reading=ByCatalogue(
        Listing(
            api_type="bg.promotion.activity.query",
            entity=Entity(
                table="activities",
                model=models.Activity,
                key=("activity_id",),
                columns=("activity_type", Instant("activity_start_time"), Instant("activity_end_time")),
            ),
            page_word="pageNumber",
            page_size=100,
            total_word="total",
            rows_word="activityList",
        ),
        buckets=tuple({"activityType": kind} for kind in (2, 13, 27, 100)),
        children=Listing(
            api_type="bg.promotion.activity.goods.query",
            entity=Entity(table="activity_goods", model=models.ActivityGoods, key=("goods_id",)),
            page_word="pageNumber",
            page_size=100,
            total_word="total",
            rows_word="goodsList",
        ),
        child_word="activityId",
    ),
)

STREAMS: Mapping[str, Stream] = MappingProxyType(
    {stream.name: stream for stream in (_ORDERS, _AFTER_SALES, _ORDER_AMOUNTS, _ORDER_DETAILS, _PRODUCTS, _ACTIVITIES)}
)
"""By name, which is also the name of the raw table. After-sales come early: they change an order's amounts."""
