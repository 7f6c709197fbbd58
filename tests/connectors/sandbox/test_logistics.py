"""Parcels agree with the orders they carry, and their scanners see what carriers see (API sections 8.7, 12, 13.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.operations.registry import OPERATIONS
from connectors.sandbox.world.lifecycle import Kind, Order, state_at
from connectors.sandbox.world.parcels import LOST, RETURNED, Parcel, parcels_of
from connectors.sandbox.world.shops import DAY
from connectors.sandbox.world.spec import WorldSpec
from connectors.sandbox.world.world import World

NOW = 1795161600
SHIPMENT, TRACKING = "bg.logistics.shipment.v2.get", "temu.track.trackinginfo.get"
RETURN = "bg.aftersales.parentreturnorder.get"
WORLD = World(WorldSpec(11, NOW // DAY - 60, 20.0))
WORLD.advance(NOW)


def _all_parcels() -> Iterator[tuple[Order, Parcel]]:
    for shop in WORLD.shops:
        for order in shop.book.by_sn.values():
            for parcel in parcels_of(order, shop.profile.region_id):
                yield order, parcel


def test_every_shipped_line_is_in_one_parcel_that_leaves_with_it() -> None:
    for shop in WORLD.shops:
        for _, sn in shop.book.placed_between(0, NOW):
            order = shop.book.by_sn[sn]
            state = state_at(order, NOW)
            shipped = {index: line.shipped_at for index, line in enumerate(state.lines) if line.shipped_at}
            parcels = [one for one in parcels_of(order, shop.profile.region_id) if one.shipped_at <= NOW]
            assert {line: one.shipped_at for one in parcels for line in one.lines} == shipped
            assert sum(len(one.lines) for one in parcels) == len(shipped)
            assert all(len({order.lines[index].cooperative for index in one.lines}) == 1 for one in parcels)


def test_scans_are_in_order_and_end_as_the_order_does() -> None:
    for order, parcel in _all_parcels():
        times = [scan.at for scan in parcel.scans]
        assert times == sorted(times)
        assert times[0] > parcel.shipped_at > parcel.labelled_at
        ends = {event.kind: event.at for event in order.events if set(parcel.lines) & set(event.lines)}
        words = {scan.word: scan.at for scan in parcel.scans}
        if Kind.DELIVERED in ends:
            assert 0 < ends[Kind.DELIVERED] - words["Delivered"] <= 2 * 3600
        elif Kind.LOST in ends:
            assert words[RETURNED] == ends[Kind.LOST]
        else:
            assert not {"Delivered", RETURNED} & words.keys()


def test_carriers_have_exceptions_stall_lose_parcels_and_forget_numbers() -> None:
    seen = Counter(scan.word for _, parcel in _all_parcels() for scan in parcel.scans)
    total = sum(1 for _ in _all_parcels())
    stalled = sum(
        not {"Delivered", RETURNED, LOST} & {scan.word for scan in parcel.scans} for _, parcel in _all_parcels()
    )
    assert total > 2000
    assert 0.01 < seen["In transit - Exception"] / total < 0.06
    assert 0.01 < seen["Delivery Exception"] / total < 0.06
    assert {LOST, RETURNED} <= seen.keys()
    assert 0 < stalled < total / 50
    assert 0 < sum(parcel.number is None for _, parcel in _all_parcels()) < total / 25


def test_some_parcels_arrive_late_and_some_parents_travel_in_several() -> None:
    late = sum(event.at > order.placed + 12 * DAY for order, _ in _all_parcels() for event in order.events
               if event.kind is Kind.DELIVERED)  # fmt: skip
    assert late
    assert max(Counter(order.sn for order, _ in _all_parcels()).values()) > 1


def _shipped(seller: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in seller.pages(fulfillmentTypeList=["fulfillBySeller", "fulfillByCooperativeWarehouse"]):
        for child in item["orderList"]:
            yield item["parentOrderMap"]["parentOrderSn"], child


def test_the_shipment_of_a_line_names_carrier_package_and_what_is_left_to_fulfil(sellers: list[Any]) -> None:
    for seller in sellers:
        carriers = {
            one["logisticsServiceProviderId"]: one["logisticsServiceProviderName"]
            for one in seller.call("bg.logistics.companies.get", regionId=seller.shop.profile.region_id)
        }
        told = 0
        for parent, child in _shipped(seller):
            if child["orderShippingTime"] is None:
                continue
            [parcel] = seller.call(SHIPMENT, parentOrderSn=parent, orderSn=child["orderSn"])["shipmentInfoDTO"]
            assert carriers[parcel["carrierId"]] == parcel["carrierName"]
            assert (parcel["skuId"], parcel["quantity"]) == (child["skuId"], child["quantity"])
            assert (parcel["cooperativeWarehouseDTO"] is None) == (child["fulfillmentType"] == "fulfillBySeller")
            detail = seller.call(
                "bg.order.detail.v2.get", parentOrderSn=parent, fulfillmentTypeList=["fulfillBySeller"]
            )
            told += 1
            for line in detail["orderList"]:
                if line["orderSn"] == child["orderSn"]:
                    assert line["packageSnInfo"][0]["packageSn"] == parcel["packageSn"]
        assert told > 50


def test_refusals_of_shipments_have_their_codes(seller: Any) -> None:
    lines = list(_shipped(seller))
    parent, other = lines[0][0], next(child for sn, child in lines if sn != lines[0][0])
    assert seller.refusal(SHIPMENT, parentOrderSn=parent, orderSn=other["orderSn"]) == 120012016
    assert seller.refusal(SHIPMENT, parentOrderSn=parent) == 3000000
    assert seller.refusal(SHIPMENT, parentOrderSn="PO-211-00000000000000000", orderSn="x") == 140020002
    waiting = [
        (sn, child) for sn, child in lines
        if child["fulfillmentType"] == "fulfillByCooperativeWarehouse" and child["orderStatus"] in (1, 2)
    ]  # fmt: skip
    for sn, child in waiting:
        assert seller.refusal(SHIPMENT, parentOrderSn=sn, orderSn=child["orderSn"]) == 120011030


def test_tracking_is_newest_first_in_the_carriers_own_time_format_or_not_found(seller: Any) -> None:
    found, missing, texts = 0, 0, set()
    for parent, child in _shipped(seller):
        if child["orderShippingTime"] is None:
            continue
        [parcel] = seller.call(SHIPMENT, parentOrderSn=parent, orderSn=child["orderSn"])["shipmentInfoDTO"]
        envelope = seller.send(seller.body(TRACKING, packageSn=parcel["packageSn"], language="en"))
        if not envelope["success"]:
            assert envelope["errorCode"] == 170070011
            missing += 1
            continue
        answer = envelope["result"]
        assert answer["trackingNum"] == parcel["trackingNumber"]
        times = [scan["logisticsUpdatedAt"] for scan in answer["trackingInfo"]]
        assert times == sorted(times, reverse=True)
        assert (answer["trackingInfo"][0]["logisticsStatus"] == "Delivered") >= (child["orderStatus"] == 5)
        texts |= {time[4] for time in times}
        found += 1
    assert found > 100
    assert missing
    assert "-" in texts
    assert texts & set("0123456789")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 170070010),
        ({"packageSn": "PK-1", "language": "en"}, 170070011),
        ({"packageSn": "PK-1", "language": "tlh"}, 170070012),
    ],
)
def test_refusals_of_tracking_have_their_codes(seller: Any, parameters: dict[str, str], code: int) -> None:
    assert seller.refusal(TRACKING, **parameters) == code


def test_packages_wait_with_a_label_until_they_leave(own_gateway: Any, seller_of: Any) -> None:
    seller, seen = seller_of(own_gateway), 0
    for _ in range(12):
        page = seller.call("bg.order.unshipped.package.get", pageNumber=1, pageSize=100)
        assert page["totalItemNum"] == len(page["unshippedPackage"])
        for package in page["unshippedPackage"]:
            seen += 1
            for held in package["packageDetail"]["shippableOrders"]:
                answer = seller.call(SHIPMENT, parentOrderSn=held["parentOrderSn"], orderSn=held["orderSn"])
                assert answer == {"shipmentInfoDTO": []}
        own_gateway.sandbox.advance(3 * 3600)
    assert seen
    assert seller.refusal("bg.order.unshipped.package.get") == 140020005


def test_warehouses_are_the_sellers_own_and_for_local_shops_a_partners(sellers: list[Any]) -> None:
    for seller in sellers:
        rows = seller.call("bg.logistics.warehouse.list.get", returnEnableBuyShippingLabelOnly=False)["warehouseList"]
        own = seller.call("bg.logistics.warehouse.list.get", returnEnableBuyShippingLabelOnly=True)["warehouseList"]
        assert len(rows) == 1 + seller.shop.profile.is_local
        assert [row["enableBuyShippingLabel"] for row in own] == [True]


def test_a_buyer_sends_goods_back_only_in_return_cases_and_after_the_fact(sellers: list[Any]) -> None:
    for seller in sellers:
        for _, case in seller.shop.cases.values():
            if case.created > NOW:
                continue
            answer = seller.call(RETURN, parentAfterSalesSn=case.sn, afterSalesSn=f"{case.sn}-1")
            sent = any(at <= NOW and status == 2 for at, status in case.steps)
            assert len(answer["logisticsInfoList"]) == sent
    assert seller.refusal(RETURN, parentAfterSalesSn="PA-1") == 130010001
    assert seller.refusal(RETURN, parentAfterSalesSn="PA-1", afterSalesSn="PA-1-1") == 130010004


def test_one_shop_has_not_granted_tracking_and_says_so_in_its_scopes(sellers: list[Any]) -> None:
    new = {SHIPMENT, TRACKING, RETURN, "bg.logistics.companies.get", "bg.logistics.warehouse.list.get"}
    assert new <= OPERATIONS.keys()
    lacking = {
        seller.shop.profile.name: new - set(seller.call("bg.open.accesstoken.info.get")["apiScopeList"])
        for seller in sellers
    }
    assert {name: types for name, types in lacking.items() if types} == {"Thames Living UK": {TRACKING}}
    assert sellers[2].refusal(TRACKING, packageSn="PK-1") == 3000032
