"""`bg.promotion.activity.query`, its goods and the goods that could still join it (API section 11)."""

from __future__ import annotations

from connectors.sandbox.envelope import PROMOTION_CANCELED, PROMOTION_ENDED, PROMOTION_ILLEGAL, GatewayError
from connectors.sandbox.operations.operation import Call, Json, Operation, to_json
from connectors.sandbox.parameters import Form, page_of
from connectors.sandbox.world.activities import Activity
from connectors.sandbox.world.stock import Shelf

_KINDS = (2, 13, 27, 100)
_ENDED = 3
_LEAST_STOCK = 20


def list_activities(call: Call) -> bytes:
    """One page of one activity type, latest start first; the type is required."""
    page, size = _page(call)
    kind = call.params.get("activityType")
    if kind not in _KINDS:
        raise GatewayError(PROMOTION_ILLEGAL, "activityType")
    found = [a for a in call.shop.activities_until(call.now) if a.kind == kind and _is_wanted(call, a)]
    found.sort(key=lambda activity: -activity.start)
    rows = [_activity(activity, call.now) for activity in found[(page - 1) * size : page * size]]
    return to_json({"total": len(found), "activityList": rows})


def list_activity_goods(call: Call) -> bytes:
    """One page of the shop's goods inside one activity; prices are minor units."""
    page, size = _page(call)
    wanted = call.params.get("activityId")
    activity = next((a for a in call.shop.activities_until(call.now) if a.activity_id == wanted), None)
    if activity is None:
        raise GatewayError(PROMOTION_CANCELED)
    groups = list(_goods_in(call, activity).values())
    rows = [_goods(call, activity, group) for group in groups[(page - 1) * size : page * size]]
    return to_json({"total": len(groups), "activityInfo": _activity(activity, call.now), "goodsList": rows})


def _page(call: Call) -> tuple[int, int]:
    for name in ("pageNumber", "pageSize"):
        if call.params.get(name) is None:
            raise GatewayError(PROMOTION_ILLEGAL, name)
    return page_of(call.params, number="pageNumber", size="pageSize", default=10, limit=100, invalid=PROMOTION_ILLEGAL)


def _is_wanted(call: Call, activity: Activity) -> bool:
    params = call.params
    ids, status = params.get("activityIdList"), params.get("activityStatus")
    start, end = params.get("activityStartTime"), params.get("activityEndTime")
    return (
        (not ids or activity.activity_id in ids)
        and (status is None or activity.status_at(call.now) == status)
        and (not params.get("onlyQueryJoinedActivity") or activity.joined)
        and (start is None or activity.end >= start)
        and (end is None or activity.start <= end)
    )


def _activity(activity: Activity, now: int) -> Json:
    return {
        "activityId": activity.activity_id,
        "activityName": activity.name,
        "activityType": activity.kind,
        "activityStatus": activity.status_at(now),
        "activityStartTime": activity.start,
        "activityEndTime": activity.end,
        "isJoinedActivity": activity.joined,
    }


def _goods_in(call: Call, activity: Activity) -> dict[int, list[Shelf]]:
    groups: dict[int, list[Shelf]] = {}
    day = call.shop.day_since_opening(call.now)
    for shelf in call.shop.shelves.values():
        listing = shelf.listing
        if activity.joined and listing.family.key in activity.family_keys and listing.is_listed_on(day):
            groups.setdefault(listing.goods_id, []).append(shelf)
    return groups


def _goods(call: Call, activity: Activity, group: list[Shelf]) -> Json:
    start, until = activity.start - 1, min(call.now, activity.end - 1)
    sold = sum(shelf.sold_until(until) - shelf.sold_until(start) for shelf in group) if until > start else 0
    offered = 100 * len(group) * (1 + sold // (100 * len(group)))
    day = call.shop.day_since_opening(min(max(call.now, activity.start), activity.end - 1))
    return {
        "goodsId": group[0].listing.goods_id,
        "activityQuantity": offered,
        "remainingActivityQuantity": offered - sold,
        "skuList": [
            {"skuId": shelf.listing.sku_id, "activitySupplierPrice": activity.price_of(shelf.listing, day)}
            for shelf in group
        ],
    }


def list_candidates(call: Call) -> bytes:
    """One page of goods on sale that could join an activity which has not ended; recommended prices are minor units."""
    page, size = _page(call)
    wanted = call.params.get("activityId")
    activity = next((a for a in call.shop.activities_until(call.now) if a.activity_id == wanted), None)
    if activity is None:
        raise GatewayError(PROMOTION_CANCELED)
    if activity.status_at(call.now) == _ENDED:
        raise GatewayError(PROMOTION_ENDED)
    day, inside = call.shop.day_since_opening(call.now), _goods_in(call, activity)
    groups: dict[int, list[Shelf]] = {}
    for shelf in call.shop.shelves.values():
        listing = shelf.listing
        if listing.is_listed_on(day) and not listing.is_retired_on(day) and listing.goods_id not in inside:
            groups.setdefault(listing.goods_id, []).append(shelf)
    candidates = list(groups.values())
    rows = [_candidate(call, activity, group) for group in candidates[(page - 1) * size : page * size]]
    return to_json({"total": len(candidates), "activityInfo": _activity(activity, call.now), "goodsList": rows})


def _candidate(call: Call, activity: Activity, group: list[Shelf]) -> Json:
    stock = sum(shelf.level_at(call.now) for shelf in group)
    day = call.shop.day_since_opening(call.now)
    return {
        "goodsId": group[0].listing.goods_id,
        "isAllowedEnroll": stock >= _LEAST_STOCK,
        "recommendActivityQuantity": min(100 * len(group), stock),
        "skuList": [
            {"skuId": shelf.listing.sku_id, "recommendActivitySupplierPrice": activity.price_of(shelf.listing, day)}
            for shelf in group
        ],
    }


_PAGE = {"pageNumber": Form.INT, "pageSize": Form.INT}
_LIST_FORMS = {
    **_PAGE,
    **dict.fromkeys(("activityType", "activityStatus", "activityStartTime", "activityEndTime"), Form.INT),
    "activityIdList": Form.INTS,
    "onlyQueryJoinedActivity": Form.BOOL,
}

OPERATIONS = (
    Operation(
        "bg.promotion.activity.query", list_activities, _LIST_FORMS,
        rows="activityList", total="total", key="activityId",
    ),
    Operation(
        "bg.promotion.activity.goods.query", list_activity_goods, {**_PAGE, "activityId": Form.INT},
        rows="goodsList", total="total", key="goodsId",
    ),
    Operation(
        "bg.promotion.activity.candidate.goods.query", list_candidates, {**_PAGE, "activityId": Form.INT},
        rows="goodsList", total="total", key="goodsId",
    ),
)  # fmt: skip
