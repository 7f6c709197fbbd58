"""Parcels, their scans, carriers and warehouses (API reference §8.7, §12)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from connectors.temu.models.fields import Id, Number, Record, Scalar, Seen, SeenWords, Shape


class SubParcel(Record):
    """One of several parcels of a consignment."""

    carrier_id: Seen = None
    carrier_name: Seen = None
    package_sn: Seen = None
    package_delivery_type: Seen = None
    tracking_number: Seen = None


class CooperativeWarehouse(Record):
    """The partner's warehouse that ships."""

    warehouse_provider_code: Seen = None
    warehouse_provider_brand_name: Seen = None
    warehouse_code: Seen = None
    warehouse_name: Seen = None


class Parcel(Record):
    """One parcel of a child order; `quantity` of its `sku_id` are in it.

    Delivery types: 1 seller, own carrier; 2 seller, platform label; 3 and 4 the same of a partner's warehouse. Warning
    labels: 0 none, 1 no track, 2 possibly wrong, 3 address differs, 4 late pick-up.
    """

    carrier_id: Seen = None
    carrier_name: Seen = None
    tracking_number: Seen = None
    sku_id: Seen = None
    quantity: Seen = None
    package_sn: Seen = None
    package_delivery_type: Seen = None
    tracking_warning_label: Seen = None
    cooperative_warehouse: Annotated[Any, Shape(CooperativeWarehouse | None)] = Field(
        default=None, alias="cooperativeWarehouseDTO"
    )
    sub_package_shipment_info_list: Annotated[Any, Shape(list[SubParcel] | None)] = None


class Shipment(Record):
    """The parcels of one child order."""

    parcels: list[Parcel] | None = Field(default=None, alias="shipmentInfoDTO")


class Scan(Record):
    """One scan; the format of `logistics_updated_at` is nowhere documented, digits were seen."""

    logistics_status: Seen = None
    logistics_updated_at: Seen = None
    status_text: Seen = None


class Tracking(Record):
    """The scans of one package, newest first."""

    package_sn: Seen = None
    tracking_num: str | None = None
    tracking_info: list[Scan] | None = None


class PackagedOrder(Record):
    """A child order, or some of its units, inside a package."""

    parent_order_sn: Seen = None
    order_sn: Seen = None
    quantity: Seen = None


class PackageDetail(Record):
    """What a package that waits holds, and what of it was cancelled since."""

    shippable_orders: Annotated[Any, Shape(list[PackagedOrder] | None)] = None
    canceled_orders: Annotated[Any, Shape(list[PackagedOrder] | None)] = None


class UnshippedPackage(Record):
    """A package with a label that has not left yet (§8.7)."""

    package_sn: Number
    main_package_sn: Seen = None
    sub_package_type: Seen = None
    sub_package_sn_list: SeenWords = None
    carrier_id: Seen = None
    carrier_name: Seen = None
    tracking_number: Seen = None
    package_detail: Annotated[Any, Shape(PackageDetail | None)] = None


class Carrier(Record):
    """A carrier that serves a region."""

    logistics_service_provider_id: Id
    logistics_service_provider_name: str | None = None
    logistics_brand_name: Seen = None


class Warehouse(Record):
    """A warehouse that the shop ships from."""

    warehouse_id: Number
    warehouse_name: Seen = None
    region_id1: Seen = None
    default_warehouse: Seen = None
    warehouse_management_type: Seen = None
    warehouse_brand: Annotated[Any, Shape(Scalar)] = None
    enable_buy_shipping_label: Seen = None
