"""`bg.aftersales.parentreturnorder.get`: the parcel that a buyer sends back (API section 13.5)."""

from __future__ import annotations

from random import Random

from connectors.sandbox.envelope import AFTER_SALES_ILLEGAL, CASE_NOT_FOUND, GatewayError
from connectors.sandbox.operations.operation import Call, Operation, to_json
from connectors.sandbox.parameters import Form
from connectors.sandbox.world.aftersales import PARCEL_SENT
from connectors.sandbox.world.carriers import carriers_in

_COUNTRIES = {211: "United States", 76: "Germany", 210: "United Kingdom"}


def return_parcel(call: Call) -> bytes:
    """Nothing until the buyer has handed the parcel over; both numbers are required."""
    parent, sn = call.params.get("parentAfterSalesSn"), call.params.get("afterSalesSn")
    if not parent or not sn:
        raise GatewayError(AFTER_SALES_ILLEGAL)
    _, case = call.shop.cases.get(parent, (None, None))
    if case is None or case.created > call.now or sn != f"{parent}-1":
        raise GatewayError(CASE_NOT_FOUND)
    is_sent = any(at <= call.now and status == PARCEL_SENT for at, status in case.steps)
    rng, region_id = Random(f"return/{parent}"), call.shop.profile.region_id
    carrier = rng.choice(carriers_in(region_id))
    parcel = {
        "carrierName": carrier.name,
        "trackingNumber": f"{carrier.prefix}R{rng.randrange(10**10, 10**11)}",
        "returnWarehouseType": 1,
        "returnWarehouseRegion1Name": _COUNTRIES.get(region_id),
    }
    return to_json({"logisticsInfoList": [parcel] if is_sent else []})


OPERATIONS = (
    Operation(
        "bg.aftersales.parentreturnorder.get", return_parcel,
        {"parentAfterSalesSn": Form.STRING, "afterSalesSn": Form.STRING},
    ),
)  # fmt: skip
