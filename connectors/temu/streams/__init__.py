"""The streams: what can be read from a shop, in dependency order. Adding one = an entry and a model of its domain.

Belongs here: operation names, paging words and time filters, copied exactly from API reference §7–§13 (a misspelt word
is ignored by the platform without an error), and which entity each answer holds; one module per domain, the vocabulary
in `shapes`. How they are read: `connectors.temu.extract`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.temu.streams.ads import AD_DETAILS, AD_GOODS_REPORTS, AD_REPORTS
from connectors.temu.streams.after_sales import AFTER_SALES, AFTER_SALES_LINES, CANCELLATIONS, RETURN_PARCELS
from connectors.temu.streams.finance import BILL_FILES
from connectors.temu.streams.goods import GOODS, PRICE_ORDERS, PRODUCTS, SKU_STOCKS, SUPPLIER_PRICES
from connectors.temu.streams.logistics import (
    CARRIERS,
    SHIPMENTS,
    TRACKING_EVENTS,
    UNSHIPPED_PACKAGES,
    WAREHOUSES,
)
from connectors.temu.streams.orders import ORDER_AMOUNTS, ORDER_DETAILS, ORDER_LIST, ORDERS
from connectors.temu.streams.partner import PARTNER_GOODS, PARTNER_PRICES, PARTNER_SALES, PARTNER_STOCKS
from connectors.temu.streams.promotions import ACTIVITIES, ACTIVITY_CANDIDATES
from connectors.temu.streams.shapes import Batch, ByCatalogue, ByOrder, ByWindow, Listing, Lookup, Stream

__all__ = [
    "ORDER_LIST",
    "STREAMS",
    "Batch",
    "ByCatalogue",
    "ByOrder",
    "ByWindow",
    "Listing",
    "Lookup",
    "Stream",
]

_STREAMS = (
    ORDERS,
    AFTER_SALES,
    ORDER_AMOUNTS,
    SHIPMENTS,
    ORDER_DETAILS,
    TRACKING_EVENTS,
    AFTER_SALES_LINES,
    RETURN_PARCELS,
    PRODUCTS,
    SUPPLIER_PRICES,
    SKU_STOCKS,
    GOODS,
    ACTIVITIES,
    CANCELLATIONS,
    UNSHIPPED_PACKAGES,
    CARRIERS,
    WAREHOUSES,
    PARTNER_GOODS,
    PARTNER_PRICES,
    PRICE_ORDERS,
    ACTIVITY_CANDIDATES,
    AD_DETAILS,
    AD_REPORTS,
    AD_GOODS_REPORTS,
    BILL_FILES,
    PARTNER_STOCKS,
    PARTNER_SALES,
)

STREAMS: Mapping[str, Stream] = MappingProxyType({stream.name: stream for stream in _STREAMS})
"""By name, which is also the name of the raw table. After-sales come early: they change an order's amounts;
shipments before details: what they tell need not be asked twice."""
