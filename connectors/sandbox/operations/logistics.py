"""Parcels of an order, their scans, packages that wait, carriers and warehouses (API sections 8.7, 12)."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sandbox.envelope import (
    BAD_PARAMS,
    LANGUAGE_UNSUPPORTED,
    ORDER_INVALID,
    PARENT_CHILD_MISMATCH,
    TRACKING_INVALID,
    TRACKING_NOT_FOUND,
    WAREHOUSE_RESTRICTED,
    GatewayError,
)
from connectors.sandbox.operations.operation import Call, Json, Operation, to_json
from connectors.sandbox.operations.orders import find_order
from connectors.sandbox.parameters import Form, page_of
from connectors.sandbox.world.carriers import carriers_in
from connectors.sandbox.world.lifecycle import Order, OrderState, state_at
from connectors.sandbox.world.parcels import Parcel, parcels_of
from connectors.sandbox.world.shops import DAY

_LANGUAGES = ("en", "de", "fr", "es", "it", "ja", "ko", "pt", "zh")
_NO_TRACK = 1
_LABELS_LAST = 10 * DAY
"""Every order has been shipped or cancelled so long after it was placed."""


def shipment(call: Call) -> bytes:
    """The parcels of one child order; of another parent 120012016, not yet handed over by the partner 120011030."""
    wanted = call.params.get("orderSn")
    if not wanted:
        raise GatewayError(BAD_PARAMS, "orderSn")
    order = find_order(call)
    index = next((index for index, line in enumerate(order.lines) if line.order_sn == wanted), None)
    if index is None:
        raise GatewayError(PARENT_CHILD_MISMATCH)
    state = state_at(order, call.now)
    if order.lines[index].cooperative and state.lines[index].shipped_at is None:
        raise GatewayError(WAREHOUSE_RESTRICTED)
    found = [parcel for parcel in _shipped(call, order) if index in parcel.lines]
    return to_json({"shipmentInfoDTO": [_shipment(parcel, order, state, index) for parcel in found]})


def _shipped(call: Call, order: Order) -> list[Parcel]:
    return [one for one in parcels_of(order, call.shop.profile.region_id) if one.shipped_at <= call.now]


def _shipment(parcel: Parcel, order: Order, state: OrderState, index: int) -> Json:
    line = order.lines[index]
    warehouse = {
        "warehouseProviderCode": "CWP-01", "warehouseProviderBrandName": "Partner One", "warehouseCode": "WH-SBX-01",
        "warehouseName": "Cooperative warehouse one",
    }  # fmt: skip
    return {
        "carrierId": parcel.carrier.number,
        "carrierName": parcel.carrier.name,
        "trackingNumber": parcel.number,
        "skuId": line.listing.sku_id,
        "quantity": line.ordered - state.lines[index].canceled_before_shipment,
        "packageSn": parcel.sn,
        "packageDeliveryType": 3 if line.cooperative else 1,
        "trackingWarningLabel": 0 if parcel.number else _NO_TRACK,
        "cooperativeWarehouseDTO": warehouse if line.cooperative else None,
        "subPackageShipmentInfoList": [],
    }


def tracking(call: Call) -> bytes:
    """The scans of one package, newest first; before the first scan, and without a number, 170070011."""
    sn = call.params.get("packageSn")
    if not sn:
        raise GatewayError(TRACKING_INVALID)
    if call.params.get("language", "en") not in _LANGUAGES:
        raise GatewayError(LANGUAGE_UNSUPPORTED)
    parcel = _find_parcel(call, sn)
    scans = parcel.scans_at(call.now) if parcel else ()
    if parcel is None or not scans:
        raise GatewayError(TRACKING_NOT_FOUND)
    info = [
        {
            "logisticsStatus": scan.word,
            "logisticsUpdatedAt": parcel.carrier.time_text(scan.at),
            "statusText": scan.word.capitalize(),
        }
        for scan in reversed(scans)
    ]
    return to_json({"packageSn": sn, "trackingNum": parcel.number, "trackingInfo": info})


def _find_parcel(call: Call, sn: str) -> Parcel | None:
    """A package's number is that of its first line, and with it its order's."""
    order = call.shop.book.by_sn.get(f"PO-{call.shop.profile.order_prefix}-{sn[3:18]}00")
    if order is None or order.placed > call.now:
        return None
    return next((parcel for parcel in _shipped(call, order) if parcel.sn == sn), None)


def unshipped_packages(call: Call) -> bytes:
    """Packages of the seller's own lines that have a label and wait; both paging words are required."""
    for word in ("pageNumber", "pageSize"):
        if call.params.get(word) is None:
            raise GatewayError(ORDER_INVALID, word)
    page, size = page_of(
        call.params, number="pageNumber", size="pageSize", default=10, limit=100, invalid=ORDER_INVALID
    )
    found = sorted(_waiting(call), key=lambda row: (row[1].labelled_at, row[1].sn), reverse=True)
    rows = [_unshipped(*row) for row in found[(page - 1) * size : page * size]]
    return to_json({"totalItemNum": len(found), "unshippedPackage": rows})


def _waiting(call: Call) -> Iterator[tuple[Order, Parcel]]:
    for _, sn in call.shop.book.placed_between(call.now - _LABELS_LAST, call.now):
        order = call.shop.book.by_sn[sn]
        for parcel in parcels_of(order, call.shop.profile.region_id):
            is_own = not any(order.lines[index].cooperative for index in parcel.lines)
            if is_own and max(order.placed, parcel.labelled_at) <= call.now < parcel.shipped_at:
                yield order, parcel


def _unshipped(order: Order, parcel: Parcel) -> Json:
    return {
        "packageSn": parcel.sn,
        "mainPackageSn": None,
        "subPackageType": None,
        "subPackageSnList": [],
        "carrierId": parcel.carrier.number,
        "carrierName": parcel.carrier.name,
        "trackingNumber": parcel.number,
        "packageDetail": {
            "shippableOrders": [
                {
                    "parentOrderSn": order.sn,
                    "orderSn": order.lines[index].order_sn,
                    "quantity": order.lines[index].ordered,
                }
                for index in parcel.lines
            ],
            "canceledOrders": [],
        },
    }


def companies(call: Call) -> bytes:
    """Carriers of a region: an array, not an object."""
    region = call.params.get("regionId")
    if region is None:
        raise GatewayError(BAD_PARAMS, "regionId")
    rows = [
        {
            "logisticsServiceProviderId": carrier.number,
            "logisticsServiceProviderName": carrier.name,
            "logisticsBrandName": carrier.brand,
        }
        for carrier in carriers_in(region)
    ]
    return to_json(rows)


def warehouses(call: Call) -> bytes:
    """The shop's own warehouse; local shops also use a partner's, where no label can be bought."""
    profile = call.shop.profile
    rows = [_warehouse(f"WH-{profile.number:02d}-01", f"{profile.name} warehouse", profile.region_id, is_own=True)]
    if profile.is_local and not call.params.get("returnEnableBuyShippingLabelOnly"):
        rows.append(_warehouse("WH-SBX-01", "Cooperative warehouse one", profile.region_id, is_own=False))
    return to_json({"warehouseList": rows})


def _warehouse(sn: str, name: str, region_id: int, *, is_own: bool) -> Json:
    return {
        "warehouseId": sn,
        "warehouseName": name,
        "regionId1": region_id,
        "defaultWarehouse": is_own,
        "warehouseManagementType": 1 if is_own else 2,
        "warehouseBrand": None if is_own else "Partner One",
        "enableBuyShippingLabel": is_own,
        "pushOrderToOpenPlatform": not is_own,
        "cooperativeWarehouseAuthorizationStatus": not is_own,
        "supportsUspsGroundAdvantage": False,
    }


OPERATIONS = (
    Operation("bg.logistics.shipment.v2.get", shipment, {"parentOrderSn": Form.STRING, "orderSn": Form.STRING}),
    Operation("temu.track.trackinginfo.get", tracking, {"packageSn": Form.STRING, "language": Form.STRING}),
    Operation(
        "bg.order.unshipped.package.get", unshipped_packages, {"pageNumber": Form.INT, "pageSize": Form.INT},
        rows="unshippedPackage", total="totalItemNum", key="packageSn",
    ),
    Operation("bg.logistics.companies.get", companies, {"regionId": Form.INT}),
    Operation("bg.logistics.warehouse.list.get", warehouses, {"returnEnableBuyShippingLabelOnly": Form.BOOL}),
)  # fmt: skip
