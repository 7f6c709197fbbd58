"""Reading streams that ask record by record or walk a catalogue, against a gateway made of plain answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connectors.errors import StreamForbiddenError, UnstableWindowError
from connectors.records import Window
from connectors.temu.errors import NotReadyError, OtherSiteError, RecordNotFoundError
from connectors.temu.extract import Leaf, Reader
from connectors.temu.lookups import Parent
from connectors.temu.streams import STREAMS, ByOrder, Lookup
from connectors.temu.windows import Recognise

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=1), NOW)
Answer = Callable[[Mapping[str, object]], object]


class Gateway:
    """Answers by operation; an exception is raised, a function is called with the parameters."""

    shop = "Acme US"

    def __init__(self, **answers: object) -> None:
        self.answers = {name.replace("__", "."): answer for name, answer in answers.items()}
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    def now(self) -> datetime:
        return NOW

    async def call(self, api_type: str, params: Mapping[str, object] | None = None) -> bytes:
        self.asked.append((api_type, params or {}))
        answer = self.answers[api_type]
        result = answer(params) if callable(answer) and not isinstance(answer, type) else answer
        if isinstance(result, Exception):
            raise result
        return msgspec.json.encode(result)

    async def ask(self, api_type: str, params: Mapping[str, object] | None, kind: type[object]) -> object:
        return msgspec.json.decode(await self.call(api_type, params), type=kind)


class Landed:
    """What has landed, as the test says."""

    def __init__(
        self, *chunks: Sequence[Parent], closed: Collection[int] = (), settled: Collection[object] = ()
    ) -> None:
        self.chunks = chunks
        self.closed = closed
        self.settled = set(settled)

    async def parents(self, _reading: ByOrder, _window: Window) -> AsyncIterator[Sequence[Parent]]:
        for chunk in self.chunks:
            yield chunk

    async def wanting(self, _lookup: Lookup, parents: Sequence[Parent]) -> Sequence[Parent]:
        return parents

    async def closed_activities(self) -> Collection[int]:
        return self.closed

    async def regions(self) -> Sequence[int]:
        return [211, 76]

    async def seen_before(self, _table: str, keys: Collection[object], _instant: datetime) -> bool:
        return set(keys) <= self.settled

    def recognise(self, _table: str) -> Recognise:
        async def nothing(_window: Window) -> None:
            return None

        return nothing


def _parent(number: int, region: int = 211) -> Parent:
    sn = f"PO-{region:03}-{number:017}"
    return Parent(sn, sn, NOW + timedelta(seconds=number))


async def _leaves(stream: str, gateway: Gateway, landed: Landed) -> list[Leaf]:
    return [leaf async for leaf in Reader(gateway, landed).leaves(STREAMS[stream], WINDOW)]


async def test_amounts_are_kept_for_the_update_time_they_were_read_for() -> None:
    gateway = Gateway(bg__order__amount__query={"orderList": []})
    [leaf] = await _leaves("order_amounts", gateway, Landed([_parent(1), _parent(2)]))
    [one, two] = leaf.records["order_amounts"]
    assert (one.key, one.columns, one.source_updated_at) == (
        (_parent(1).sn,),
        ("bg.order.amount.query",),
        _parent(1).updated_at,
    )
    assert leaf.watermark == two.source_updated_at


async def test_the_watermark_never_passes_an_order_that_is_not_ready() -> None:
    def answer(params: Mapping[str, object]) -> object:
        return NotReadyError("still computing") if params["parentOrderSn"] == _parent(3).sn else {"orderList": []}

    chunks = [[_parent(1), _parent(2)], [_parent(3), _parent(4)], [_parent(5)]]
    leaves = await _leaves("order_amounts", Gateway(bg__order__amount__query=answer), Landed(*chunks))
    assert [leaf.watermark for leaf in leaves] == [_parent(2).updated_at, None, None]
    assert [leaf.pending for leaf in leaves] == [0, 1, 0]
    assert [len(leaf.records["order_amounts"]) for leaf in leaves] == [2, 1, 1]


async def test_an_order_that_the_platform_does_not_know_is_set_aside_and_blocks_nothing() -> None:
    gateway = Gateway(bg__order__amount__query=RecordNotFoundError("140020002"))
    [leaf] = await _leaves("order_amounts", gateway, Landed([_parent(1)]))
    assert [refused.reason_code for refused in leaf.rejected] == ["not_found"]
    assert leaf.watermark == _parent(1).updated_at


async def test_a_forbidden_operation_costs_one_call() -> None:
    gateway = Gateway(bg__order__amount__query=StreamForbiddenError("3000032"))
    with pytest.raises(StreamForbiddenError):
        await _leaves("order_amounts", gateway, Landed([_parent(n) for n in range(50)]))
    assert len(gateway.asked) == 1


@pytest.mark.parametrize(
    ("region", "variant"),
    [(100, "temu.order.amount.v2.query"), (185, "temu.order.amount.v2.query"), (91, "temu.order.amount.v3.query")],
)
async def test_the_variant_of_the_amount_query_follows_the_orders_region(region: int, variant: str) -> None:
    gateway = Gateway(**{variant.replace(".", "__"): {"orderList": None}})
    [leaf] = await _leaves("order_amounts", gateway, Landed([_parent(1, region)]))
    assert leaf.records["order_amounts"][0].columns == (variant,)


async def test_a_variant_that_does_not_serve_the_site_gives_way_to_the_general_one() -> None:
    gateway = Gateway(temu__order__amount__v2__query=OtherSiteError("140020015"), bg__order__amount__query={})
    [leaf] = await _leaves("order_amounts", gateway, Landed([_parent(1, 100)]))
    assert leaf.records["order_amounts"][0].columns == ("bg.order.amount.query",)


def _case(number: int, order: str | None = "PO-1") -> dict[str, object]:
    updated = int(NOW.timestamp()) - 60 - number
    return {"parentAfterSalesSn": f"PA-{number}", "parentOrderSn": order, "updateAt": updated}


def _cases(*cases: dict[str, object]) -> dict[str, object]:
    return {"total": len(cases), "data": list(cases)}


async def test_cases_land_with_their_details_in_one_leaf() -> None:
    gateway = Gateway(
        bg__aftersales__parentaftersales__list__get=_cases(_case(1), _case(2)),
        temu__aftersales__parentaftersales__detail__get=lambda params: {**params, "refundSummary": {}},
    )
    [leaf] = await _leaves("after_sales", gateway, Landed())
    assert {table: len(records) for table, records in leaf.records.items()} == {
        "after_sales": 2,
        "after_sales_details": 2,
    }
    times = {record.key: record.source_updated_at for record in leaf.records["after_sales"]}
    assert times == {record.key: record.source_updated_at for record in leaf.records["after_sales_details"]}


async def test_cases_land_without_details_where_the_token_lacks_them() -> None:
    gateway = Gateway(
        bg__aftersales__parentaftersales__list__get=_cases(_case(1)),
        temu__aftersales__parentaftersales__detail__get=StreamForbiddenError("3000032"),
    )
    reader = Reader(gateway, Landed())
    [leaf] = [leaf async for leaf in reader.leaves(STREAMS["after_sales"], WINDOW)]
    assert len(leaf.records["after_sales"]) == 1
    assert list(reader.forbidden) == ["temu.aftersales.parentaftersales.detail.get"]


def _skus(*numbers: int, total: int | None = None) -> dict[str, object]:
    rows = [{"skuId": number, "stock": 1, "price": "1.50", "currency": "USD"} for number in numbers]
    return {"total": len(rows) if total is None else total, "skuList": rows or None}


async def test_both_buckets_of_the_catalogue_land_with_a_dated_copy() -> None:
    gateway = Gateway(bg__local__goods__sku__list__query=lambda params: _skus(params["skuSearchType"]))
    leaves = await _leaves("products", gateway, Landed())
    assert [record.key for leaf in leaves for record in leaf.records["products"]] == [(2,), (3,)]
    copies = [record.key for leaf in leaves for record in leaf.records["product_snapshots"]]
    assert copies == [(2, NOW.date()), (3, NOW.date())]


async def test_a_catalogue_that_moves_is_read_again_until_it_stands_still() -> None:
    answers = [_skus(1, 2, total=3), _skus(1, 2, 3), _skus()]
    gateway = Gateway(bg__local__goods__sku__list__query=lambda _params: answers.pop(0))
    leaves = await _leaves("products", gateway, Landed())
    assert {record.key[0] for leaf in leaves for record in leaf.records["products"]} == {1, 2, 3}


async def test_a_catalogue_that_never_stands_still_fails_after_landing_what_it_saw() -> None:
    gateway = Gateway(bg__local__goods__sku__list__query=_skus(1, 2, total=3))
    leaves = Reader(gateway, Landed()).leaves(STREAMS["products"], WINDOW)
    first = await anext(leaves)
    assert len(first.records["products"]) == 2
    with pytest.raises(UnstableWindowError, match="2 different records, the platform reports 3"):
        assert [len(leaf.records["products"]) async for leaf in leaves]


async def test_calls_under_way_end_with_the_reading() -> None:
    class Slow(Gateway):
        async def call(self, api_type: str, params: Mapping[str, object] | None = None) -> bytes:
            answer = await super().call(api_type, params)
            if len(self.asked) > 2:
                await asyncio.Event().wait()
            return answer

    before = asyncio.all_tasks()
    gateway = Slow(bg__local__goods__sku__list__query=_skus(1, 2, total=900))
    leaves = Reader(gateway, Landed()).leaves(STREAMS["products"], WINDOW)
    assert await anext(leaves)
    assert await anext(leaves)
    assert asyncio.all_tasks() > before, "later pages are under way"
    await leaves.aclose()
    assert asyncio.all_tasks() == before


async def test_goods_of_activities_that_had_ended_are_final() -> None:
    def activities(params: Mapping[str, object]) -> object:
        rows = [{"activityId": n, "activityStatus": 3} for n in (1, 2)] if params["activityType"] == 2 else []
        return {"total": len(rows), "activityList": rows}

    gateway = Gateway(
        bg__promotion__activity__query=activities,
        bg__promotion__activity__goods__query={"total": 1, "goodsList": [{"goodsId": 9}]},
    )
    leaves = await _leaves("activities", gateway, Landed(closed={1}))
    goods = [record.key for leaf in leaves for record in leaf.records.get("activity_goods", [])]
    assert goods == [(2, 9)]
    assert [params["activityId"] for api_type, params in gateway.asked if "goods" in api_type] == [2]


async def test_a_list_that_is_the_whole_answer_is_asked_for_once_per_region_of_the_shop() -> None:
    def companies(params: Mapping[str, object]) -> object:
        return [{"logisticsServiceProviderId": 101, "logisticsServiceProviderName": f"of {params['regionId']}"}]

    gateway = Gateway(bg__logistics__companies__get=companies)
    leaves = await _leaves("carriers", gateway, Landed())
    rows = [record for leaf in leaves for record in leaf.records["carriers"]]
    assert [(row.key, row.columns) for row in rows] == [((211, 101), ("of 211",)), ((76, 101), ("of 76",))]
    assert [params for _, params in gateway.asked] == [{"regionId": 211}, {"regionId": 76}]


async def test_a_list_without_pages_is_asked_for_once_and_without_paging_words() -> None:
    gateway = Gateway(bg__logistics__warehouse__list__get={"warehouseList": [{"warehouseId": "W-1"}]})
    [leaf] = await _leaves("warehouses", gateway, Landed())
    assert [record.key for record in leaf.records["warehouses"]] == [("W-1",)]
    assert gateway.asked[0][1] == {"returnEnableBuyShippingLabelOnly": False}


def _cancellations(pages: int, size: int = 200) -> Answer:
    def answer(params: Mapping[str, object]) -> object:
        first = (int(str(params["pageNo"])) - 1) * size
        rows = [{"parentAfterSalesSn": f"PA-{number}"} for number in range(first, first + size)]
        return {"total": pages * size, "data": rows}

    return answer


async def test_a_list_that_is_newest_first_is_read_until_a_page_that_has_stood_still() -> None:
    gateway = Gateway(bg__aftersales__cancel__list__get=_cancellations(pages=9))
    settled = {f"PA-{number}" for number in range(400, 1800)}
    leaves = await _leaves("cancellations", gateway, Landed(settled=settled))
    assert len(leaves) == 3  # the page that proves it lands, too: it may have changed
    assert [params["pageNo"] for _, params in gateway.asked][:3] == [1, 2, 3]
    assert len(gateway.asked) <= 4


async def test_a_list_of_which_nothing_stands_still_is_read_whole() -> None:
    gateway = Gateway(bg__aftersales__cancel__list__get=_cancellations(pages=4))
    leaves = await _leaves("cancellations", gateway, Landed(settled={"PA-250"}))
    assert sum(leaf.read for leaf in leaves) == 800


async def test_a_list_that_slides_while_it_is_cut_off_is_read_again() -> None:
    pages = iter([range(200), range(150, 350), range(200), range(200, 400)])

    def answer(_params: Mapping[str, object]) -> object:
        return {"total": 1000, "data": [{"parentAfterSalesSn": f"PA-{number}"} for number in next(pages)]}

    settled = {f"PA-{number}" for number in range(150, 400)}
    leaves = await _leaves("cancellations", Gateway(bg__aftersales__cancel__list__get=answer), Landed(settled=settled))
    assert [len(leaf.records["cancellations"]) for leaf in leaves] == [200, 200, 200, 200]


@pytest.mark.parametrize("settled", [set(), {f"PA-{number}" for number in range(300)}])
async def test_cases_that_are_added_while_the_list_is_read_hide_none_of_the_others(settled: set[str]) -> None:
    cases = [f"PA-{number}" for number in range(999, -1, -1)]
    before = set(cases)

    def answer(params: Mapping[str, object]) -> object:
        first = (int(str(params["pageNo"])) - 1) * 200
        page = {"total": len(cases), "data": [{"parentAfterSalesSn": one} for one in cases[first : first + 200]]}
        cases.insert(0, f"PA-new-{len(cases)}")
        return page

    gateway = Gateway(bg__aftersales__cancel__list__get=answer)
    leaves = await _leaves("cancellations", gateway, Landed(settled=settled))
    landed = {record.key[0] for leaf in leaves for record in leaf.records["cancellations"]}
    assert landed >= before - settled
    assert len(gateway.asked) == (6 if not settled else 5), "once over, and not again"


async def test_an_answer_that_moves_on_its_own_never_moves_the_watermark() -> None:
    gateway = Gateway(temu__track__trackinginfo__get={}, bg__logistics__shipment__v2__get={})
    [scans] = await _leaves("tracking_events", gateway, Landed([_parent(1)]))
    [parcels] = await _leaves("shipments", gateway, Landed([_parent(1)]))
    assert (scans.watermark, parcels.watermark) == (None, _parent(1).updated_at)
