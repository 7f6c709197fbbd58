"""Advertising reports: `temu.searchrec.ad.reports.mall.query`, `….goods.query` and `temu.searchrec.ad.detail.query`.

Windows are milliseconds over whole local days of the shop (API section 14). Ratios are scaled by 10,000, money is minor
units. Shops whose main account has not signed the advertising agreement are refused with 230016103.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.envelope import ADS_BAD_QUERY, ADS_FOREIGN_GOODS, ADS_NOT_SIGNED, GatewayError
from connectors.sandbox.operations.operation import Call, Json, Operation, to_json
from connectors.sandbox.parameters import Form
from connectors.sandbox.world.ads import AdResult, is_advertised, result_of
from connectors.sandbox.world.stock import Shelf

_MILLISECONDS = 100_000_000_000
_LONGEST_DAYS = 31
_RATIO = 10_000
SIGNED_SHOPS = (1, 2)
RUNNING, NOT_CREATED = 8, 10


def report_mall(call: Call) -> bytes:
    """All goods together, one item per local day."""
    return to_json(_report(call, list(call.shop.shelves.values()), goods_id=None))


def report_goods(call: Call) -> bytes:
    """One goods, one nesting deeper."""
    goods_id = call.params.get("goodsId")
    shelves = _shelves_of(call, goods_id)
    report = _report(call, shelves, goods_id=goods_id)
    return to_json({"goodsInfo": {"goodsId": goods_id, "grayReason": []}, "reportInfo": report})


def show_details(call: Call) -> bytes:
    """State, budget and target of the named goods."""
    _check_contract(call)
    goods = call.params.get("goodsList")
    if not goods:
        raise GatewayError(ADS_BAD_QUERY, "goodsList")
    return to_json({"adsDetail": [_detail(call, goods_id) for goods_id in goods]})


def _check_contract(call: Call) -> None:
    if call.shop.profile.number not in SIGNED_SHOPS:
        raise GatewayError(ADS_NOT_SIGNED)


def _shelves_of(call: Call, goods_id: object) -> list[Shelf]:
    _check_contract(call)
    shelves = [shelf for shelf in call.shop.shelves.values() if shelf.listing.goods_id == goods_id]
    if not shelves:
        raise GatewayError(ADS_FOREIGN_GOODS, str(goods_id))
    return shelves


def _report(call: Call, shelves: Sequence[Shelf], *, goods_id: object) -> Json:
    _check_contract(call)
    days = [(start, _result(call, shelves, start, end)) for start, end in _local_days(call)]
    total = sum((result for _, result in days), AdResult())
    return {
        "summary": _summary(total),
        "reportsSummary": {f"{name}All": {"val": value} for name, value in _metrics(total).items()},
        "reportsItemList": [_item(goods_id, start, result) for start, result in days],
    }


def _local_days(call: Call) -> Iterator[tuple[int, int]]:
    """Epoch seconds [start, end) of each local day in the window, which must hold whole days."""
    low, high = call.params.get("startTs"), call.params.get("endTs")
    if low is None or high is None or low < _MILLISECONDS or high <= low:
        raise GatewayError(ADS_BAD_QUERY, "startTs, endTs: milliseconds expected")
    zone = ZoneInfo(call.shop.profile.timezone)
    start = datetime.fromtimestamp(low // 1000, zone)
    if low % 1000 or start.timetz().replace(tzinfo=None).isoformat() != "00:00:00":
        raise GatewayError(ADS_BAD_QUERY, "startTs: not the start of a local day")
    if high - low > _LONGEST_DAYS * 86_400_000 + 3_600_000:
        raise GatewayError(ADS_BAD_QUERY, "the window is too long")
    while start.timestamp() * 1000 < high:
        following = (start.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
        yield int(start.timestamp()), int(following.astimezone(UTC).timestamp())
        start = following


def _result(call: Call, shelves: Sequence[Shelf], start: int, end: int) -> AdResult:
    return result_of(shelves, start, min(end, call.now + 1), call.shop.day_since_opening(start))


def _metrics(result: AdResult) -> dict[str, int]:
    return {
        "imprCnt": result.impressions, "cartCnt": result.carts, "clkCnt": result.clicks, "adSpend": result.spend,
        "orderPayAmt": result.pay, "orderPayCnt": result.orders, "goodsNum": result.pieces,
        "roas": _ratio(result.pay, result.spend), "acos": _ratio(result.spend, result.pay),
        "ctr": _ratio(result.clicks, result.impressions), "cvr": _ratio(result.orders, result.clicks),
        "transactionCost": result.spend // result.orders if result.orders else 0,
    }  # fmt: skip


def _ratio(part: int, whole: int) -> int:
    return part * _RATIO // whole if whole else 0


def _summary(result: AdResult) -> Json:
    metrics = {("spend" if name == "adSpend" else name): value for name, value in _metrics(result).items()}
    totals = metrics | {"orderPayCnt": result.all_orders, "orderPayAmt": result.all_pay}
    return {
        name: {
            "total": {"val": totals[name]}, "ad": {"val": value}, "netTotal": {"val": totals[name]},
            "netAd": {"val": value},
        }
        for name, value in metrics.items()
    }  # fmt: skip


def _item(goods_id: object, start: int, result: AdResult) -> Json:
    metrics = _metrics(result)
    extra = {
        "netAdSpend": metrics["adSpend"], "totalOrderPayAmt": result.all_pay, "netOrderPayAmt": metrics["orderPayAmt"],
        "totalOrderPayCnt": result.all_orders, "netOrderPayCnt": metrics["orderPayCnt"],
    }  # fmt: skip
    return {"goodsId": goods_id, "ts": start * 1000} | {
        name: {"val": value} for name, value in (metrics | extra).items()
    }


def _detail(call: Call, goods_id: object) -> Json:
    shelves = _shelves_of(call, goods_id)
    advertised = any(is_advertised(shelf) for shelf in shelves)
    status = RUNNING if advertised else NOT_CREATED
    site = {"siteNameList": [call.shop.profile.region], "adShowStatus": status, "forbidReason": None}
    return {
        "goodsId": goods_id,
        "roas": 52_000 if advertised else None,
        "budget": 50_000 if advertised else -1,
        "adShowStatus": status,
        "adPhase": 1,
        "siteStatusInfoList": [site],
    }


_WINDOW = {"startTs": Form.INT, "endTs": Form.INT}

OPERATIONS = (
    Operation("temu.searchrec.ad.reports.mall.query", report_mall, _WINDOW),
    Operation("temu.searchrec.ad.reports.goods.query", report_goods, {**_WINDOW, "goodsId": Form.INT}),
    Operation("temu.searchrec.ad.detail.query", show_details, {"goodsList": Form.INTS}),
)
