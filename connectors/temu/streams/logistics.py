"""Logistics: parcels and their scans, carriers, warehouses (API reference §8.7, §12)."""

from __future__ import annotations

from connectors.temu.entities import Entity
from connectors.temu.models import logistics as models
from connectors.temu.streams.orders import SHIPPED
from connectors.temu.streams.shapes import ByCatalogue, ByOrder, Listing, Lookup, Stream

FINAL_SCANS = (
    "Delivered",
    "Carrier accepted the claimed of Missing Parcel",
    "The undelivered package is returned and delivered",
)
"""The platform's own words for the end of a parcel's way (§12)."""

SHIPMENTS = Stream(
    name="shipments",
    description="The parcels of each shipped child order of recent parents, with carrier and tracking number.",
    partitioning="shop_day",
    tables=("shipments",),
    reading=ByOrder(
        Lookup(
            api_type="bg.logistics.shipment.v2.get",
            entity=Entity(table="shipments", model=models.Shipment),
            words={"parentOrderSn": "order_sn", "orderSn": "sn"},
            told=("order_sn",),
        ),
        about="line",
        statuses=SHIPPED,
        recent=True,
    ),
)

TRACKING_EVENTS = Stream(
    name="tracking_events",
    description="The scans of each package of recent parents, read again until it has arrived, was lost or came back.",
    partitioning="shop_day",
    tables=("tracking_events",),
    reading=ByOrder(
        Lookup(
            api_type="temu.track.trackinginfo.get",
            entity=Entity(table="tracking_events", model=models.Tracking, columns=("tracking_num",)),
            words={"packageSn": "sn"},
            params={"language": "en"},
            told=("order_sn",),
            by_read=True,
        ),
        about="parcel",
        recent=True,
        final=FINAL_SCANS,
    ),
)

UNSHIPPED_PACKAGES = Stream(
    name="unshipped_packages",
    description="Packages that have a label and wait to be shipped.",
    partitioning="shop",
    tables=("unshipped_packages",),
    reading=ByCatalogue(
        Listing(
            api_type="bg.order.unshipped.package.get",
            entity=Entity(table="unshipped_packages", model=models.UnshippedPackage, key=("package_sn",)),
            page_word="pageNumber",
            page_size=100,
            total_word="totalItemNum",
            rows_word="unshippedPackage",
        ),
        may_empty=True,
    ),
)

CARRIERS = Stream(
    name="carriers",
    description="Carriers of every region that the shop sells to.",
    partitioning="shop",
    tables=("carriers",),
    reading=ByCatalogue(
        Listing(
            api_type="bg.logistics.companies.get",
            entity=Entity(
                table="carriers",
                model=models.Carrier,
                key=("logistics_service_provider_id",),
                columns=("logistics_service_provider_name",),
            ),
        ),
        region_word="regionId",
    ),
)

WAREHOUSES = Stream(
    name="warehouses",
    description="Warehouses that the shop ships from.",
    partitioning="shop",
    tables=("warehouses",),
    reading=ByCatalogue(
        Listing(
            api_type="bg.logistics.warehouse.list.get",
            entity=Entity(table="warehouses", model=models.Warehouse, key=("warehouse_id",)),
            rows_word="warehouseList",
            params={"returnEnableBuyShippingLabelOnly": False},
        ),
    ),
)
