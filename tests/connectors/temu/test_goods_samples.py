"""Every sample answer about goods, prices, stock, ads, statements, cross-border goods becomes rows, byte for byte."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import StreamForbiddenError, TransientError, UnstableWindowError
from connectors.records import Window
from connectors.temu.bill_files import WAITS, by_task, periods
from connectors.temu.extract import Leaf, Reader
from connectors.temu.questions import by_ids, by_local_day, local_days, records_in
from connectors.temu.streams import STREAMS
from connectors.temu.streams.shapes import ByCatalogue, ByIds, ByLocalDay, ByTask, IdQuery, Ids, Source

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
WINDOW = Window(AT - timedelta(days=3), AT)


def _result(name: str) -> object:
    return json.loads((FIXTURES / f"{name}.json").read_text())["result"]


class Gateway:
    """Answers by operation: a list is used up one by one, an exception raised, a function asked."""

    shop = "Acme US"

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    def now(self) -> datetime:
        return AT

    async def call(self, api_type: str, params: Mapping[str, object] | None = None) -> bytes:
        self.asked.append((api_type, dict(params or {})))
        answer = self.answers[api_type]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return msgspec.json.encode(answer(params) if callable(answer) else answer)

    async def ask(self, api_type: str, params: Mapping[str, object] | None, kind: type[object]) -> object:
        return msgspec.json.decode(await self.call(api_type, params), type=kind)

    async def download(self, url: str, _what: str) -> bytes:
        return f"contents of {url}".encode()


class Landed:
    """Ids that have landed."""

    def __init__(self, *ids: Ids) -> None:
        self._ids = ids

    async def ids(self, _source: Source) -> Sequence[Ids]:
        return self._ids

    async def closed_activities(self) -> Sequence[int]:
        return ()


async def _all(leaves: AsyncIterator[Leaf]) -> list[Leaf]:
    return [leaf async for leaf in leaves]


def _rows(leaves: Sequence[Leaf], table: str) -> list[tuple[object, ...]]:
    assert [refused for leaf in leaves for refused in leaf.rejected] == []
    return [record.key for leaf in leaves for record in leaf.records[table]]


async def _read(stream: str, gateway: Gateway, *ids: Ids) -> list[Leaf]:
    return await _all(Reader(gateway, Landed(*ids)).leaves(STREAMS[stream], WINDOW))


async def test_goods_of_the_page_list_are_asked_bucket_by_bucket() -> None:
    empty = _result("bg.local.goods.list.query.empty")
    gateway = Gateway({"bg.local.goods.list.query": [_result("bg.local.goods.list.query"), empty, empty, empty]})
    leaves = await _read("goods", gateway)
    assert _rows(leaves, "goods") == [(600000000000010,), (600000000000020,)]
    assert [params["goodsSearchType"] for _, params in gateway.asked] == [1, 4, 5, 6]
    assert leaves[0].records["goods"][0].columns == ("OUT-10",)


async def test_without_the_page_list_goods_come_by_cursor_with_text_ids() -> None:
    pages = [_result(f"temu.local.goods.list.retrieve.{page}") for page in ("page1", "page2-last")]
    nothing = {"total": 0, "goodsList": None}
    gateway = Gateway(
        {
            "bg.local.goods.list.query": StreamForbiddenError("3000032"),
            "temu.local.goods.list.retrieve": [*pages, nothing, nothing, nothing],
        }
    )
    leaves = await _read("goods", gateway)
    assert _rows(leaves, "goods") == [(600000000000010,), (600000000000020,)]
    tokens = [params.get("pageToken") for _, params in gateway.asked[1:3]]
    assert tokens == [None, "SYNTHETIC-TOKEN-PAGE-2"]


@pytest.mark.parametrize("end", [{"nextToken": None}, {"nextToken": ""}, {}, None])
async def test_a_cursor_list_ends_with_a_null_empty_or_absent_token(end: object) -> None:
    page = _result("temu.local.sku.list.retrieve") | {"pagination": end}
    gateway = Gateway({"bg.local.goods.sku.list.query": StreamForbiddenError(""), "temu.local.sku.list.retrieve": page})
    leaves = await _read("products", gateway)
    assert _rows(leaves, "products") == [(17000000000011,)]
    [record] = leaves[0].records["product_snapshots"]
    assert record.columns == (90, None, None)
    assert json.loads(record.payload) == page["skuList"][0]


async def test_a_cursor_that_goes_round_in_circles_is_noticed() -> None:
    page = {"total": 9, "pagination": {"nextToken": "again"}, "skuList": []}
    gateway = Gateway({"bg.local.goods.sku.list.query": StreamForbiddenError(""), "temu.local.sku.list.retrieve": page})
    with pytest.raises(UnstableWindowError, match="circles"):
        await _read("products", gateway)


async def test_a_shop_without_either_list_is_told_so_once() -> None:
    refused = StreamForbiddenError("3000032")
    gateway = Gateway({"bg.local.goods.sku.list.query": refused, "temu.local.sku.list.retrieve": refused})
    with pytest.raises(StreamForbiddenError):
        await _read("products", gateway)
    assert len(gateway.asked) == 2


@pytest.mark.parametrize(
    ("stream", "sample", "ids", "keys"),
    [
        (
            "supplier_prices",
            "bg.local.goods.sku.list.price.query",
            [(600000000000010, 17000000000011), (600000000000010, 17000000000012)],
            [17000000000011, 17000000000012],
        ),
        ("sku_stocks", "temu.local.goods.sku.stock.query", [(600000000000010, 17000000000011)], [17000000000011]),
        ("ad_details", "temu.searchrec.ad.detail.query", [(600000000000010,)], [600000000000010]),
    ],
)
async def test_batches_of_ids_become_one_dated_row_each(
    stream: str, sample: str, ids: list[Ids], keys: list[int]
) -> None:
    reading = STREAMS[stream].reading
    assert isinstance(reading, ByIds)
    assert isinstance(reading.ask, IdQuery)
    gateway = Gateway({reading.ask.api_type: _result(sample)})
    leaves = await _read(stream, gateway, *ids)
    assert _rows(leaves, stream) == [(key, AT.date()) for key in keys]


async def test_the_price_query_groups_skus_under_their_goods() -> None:
    gateway = Gateway({"bg.local.goods.sku.list.price.query": {"openapiGoodsSupplierPriceDTOList": None}})
    await _read("supplier_prices", gateway, (1, 11), (1, 12), (2, 21))
    assert gateway.asked[0][1] == {
        "querySupplierPriceBaseList": [{"goodsId": 1, "skuIdList": [11, 12]}, {"goodsId": 2, "skuIdList": [21]}]
    }


async def test_a_forbidden_batch_costs_one_call() -> None:
    gateway = Gateway({"bg.local.goods.sku.list.price.query": StreamForbiddenError("3000032")})
    with pytest.raises(StreamForbiddenError):
        await _read("supplier_prices", gateway, *[(1, number) for number in range(500)])
    assert len(gateway.asked) == 1


async def test_price_orders_are_paged_in_their_own_words() -> None:
    page = _result("bg.local.goods.priceorder.query")
    gateway = Gateway({"bg.local.goods.priceorder.query": [page, page | {"total": 0, "priceAuditList": None}]})
    leaves = await _read("price_orders", gateway)
    assert _rows(leaves, "price_orders") == [(7000000001,)]
    assert leaves[0].records["price_orders"][0].columns == (600000000000010, 1)
    first = gateway.asked[0][1]
    assert (first["page"], first["size"], first["priceOrderType"], "pageSize" in first) == (1, 99, 1, False)


async def test_candidates_are_keyed_by_their_activity() -> None:
    operation = "bg.promotion.activity.candidate.goods.query"
    leaves = await _read("activity_candidates", Gateway({operation: _result(operation)}), (90000001,))
    assert _rows(leaves, "activity_candidates") == [(90000001, 600000000000020)]


async def test_partner_goods_are_keyed_by_skc() -> None:
    leaves = await _read("partner_goods", Gateway({"bg.glo.goods.list.get": _result("bg.glo.goods.list.get")}))
    [record] = leaves[0].records["partner_goods"]
    assert (record.key, record.columns) == ((6000000001,), (5000000001, "SYN-TEE"))


@pytest.mark.parametrize(
    ("stream", "sample", "ids"),
    [
        ("ad_reports", "temu.searchrec.ad.reports.mall.query", []),
        ("ad_goods_reports", "temu.searchrec.ad.reports.goods.query", [(600000000000010,)]),
    ],
)
async def test_ads_reports_are_asked_in_milliseconds_of_the_shops_local_day(
    stream: str, sample: str, ids: list[Ids]
) -> None:
    reading, zone = STREAMS[stream].reading, ZoneInfo("America/Los_Angeles")
    assert isinstance(reading, ByLocalDay)
    gateway = Gateway({reading.api_type: _result(sample)})
    leaves = await _all(by_local_day(gateway, Landed(*ids), reading, WINDOW, zone))
    days = [date(2025, 12, 29), date(2025, 12, 30), date(2025, 12, 31)]
    assert _rows(leaves, stream) == [(day, *(ids[0] if ids else ())) for day in days]
    start = datetime(2025, 12, 29, tzinfo=zone).timestamp() * 1000
    assert gateway.asked[0][1]["startTs"] == start
    assert gateway.asked[0][1]["endTs"] == start + 86_400_000 - 1
    assert [leaf.watermark for leaf in leaves] == [
        datetime(2025, 12, 30, 8, tzinfo=UTC) + timedelta(days=n) for n in range(3)
    ]
    for leaf in leaves:
        [record] = leaf.records[stream]
        assert json.loads(record.payload) == _result(sample)


@given(
    zone=st.sampled_from(["America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney", "UTC"]),
    start=st.integers(0, 28_000_000),
    hours=st.integers(0, 400),
)
def test_local_days_follow_each_other_without_gap_and_have_all_ended(zone: str, start: int, hours: int) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=start)
    window = Window(begin, begin + timedelta(hours=hours))
    days = list(local_days(window, ZoneInfo(zone)))
    assert all(one[1].end == other[1].start for one, other in pairwise(days))
    assert all(window.start < span.end <= window.end for _, span in days)
    assert all(23 <= span.seconds / 3600 <= 25 for _, span in days)
    assert len(days) >= hours // 25 - 1


def _bills() -> ByTask:
    reading = STREAMS["bill_files"].reading
    assert isinstance(reading, ByTask)
    return reading


async def _no_sleep(_seconds: float) -> None:
    return None


BILLS = "temu.finance.mall.bill.task"


async def test_a_statement_is_polled_until_it_has_an_address_and_kept_without_it() -> None:
    pending, done = (_result(f"{BILLS}.get.{state}") for state in ("pending", "done"))
    made = _result(f"{BILLS}.create")
    gateway = Gateway({f"{BILLS}.create": made, f"{BILLS}.get": [pending, *[done] * 9]})
    window = Window(datetime(2025, 12, 1, tzinfo=UTC), datetime(2025, 12, 9, 5, tzinfo=UTC))
    leaves = await _all(by_task(gateway, _bills(), window, _no_sleep))
    assert _rows(leaves, "bill_files") == [
        ("STATEMENT_REPORT", date(2025, 12, 1)),
        ("PAYMENT_REPORT", date(2025, 12, 1)),
    ]
    record = leaves[0].records["bill_files"][0]
    assert record.columns[:2] == (date(2025, 12, 9), "statement-synthetic.xlsx")
    assert bytes(record.columns[2]) == b"contents of https://files.example.invalid/statement-synthetic.xlsx"
    assert b"example.invalid" not in record.payload
    assert gateway.asked[0][1]["endTime"] == datetime(2025, 12, 9, tzinfo=UTC).timestamp() * 1000 - 1
    assert [leaf.watermark for leaf in leaves] == [None, datetime(2025, 12, 9, tzinfo=UTC)]


async def test_a_timed_out_statement_fails_clearly_and_the_others_land() -> None:
    done, timeout = _result(f"{BILLS}.get.done"), _result(f"{BILLS}.get.timeout")

    def made(params: Mapping[str, object]) -> object:
        return {"taskId": params["fileType"]}

    def got(params: Mapping[str, object]) -> object:
        return timeout if params["taskId"] == "STATEMENT_REPORT" else done

    gateway, leaves = Gateway({f"{BILLS}.create": made, f"{BILLS}.get": got}), []
    window = Window(datetime(2025, 12, 1, tzinfo=UTC), datetime(2025, 12, 9, tzinfo=UTC))

    async def read() -> None:
        async for leaf in by_task(gateway, _bills(), window, _no_sleep):
            leaves.append(leaf)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(TransientError, match=r"Acme US, STATEMENT_REPORT of 2025-12.*TIME_OUT"):
        await read()
    assert _rows(leaves, "bill_files") == [("PAYMENT_REPORT", date(2025, 12, 1))]
    assert leaves[0].watermark is None


async def test_a_statement_that_never_gets_ready_is_given_up_after_minutes() -> None:
    gateway = Gateway({f"{BILLS}.create": _result(f"{BILLS}.create"), f"{BILLS}.get": _result(f"{BILLS}.get.pending")})
    window = Window(datetime(2025, 12, 1, tzinfo=UTC), datetime(2025, 12, 2, tzinfo=UTC))
    with pytest.raises(TransientError, match="not ready after"):
        await _all(by_task(gateway, _bills(), window, _no_sleep))
    assert len(gateway.asked) == 2 * (1 + len(WAITS))


def test_periods_are_months_of_whole_days() -> None:
    window = Window(datetime(2025, 11, 20, 7, tzinfo=UTC), datetime(2026, 1, 3, 9, tzinfo=UTC))
    assert [(one.start, one.end) for one in periods(window)] == [
        (date(2025, 11, 1), date(2025, 12, 1)),
        (date(2025, 12, 1), date(2026, 1, 1)),
        (date(2026, 1, 1), date(2026, 1, 3)),
    ]


def test_every_word_leads_to_the_lists_below_it_and_null_is_no_list() -> None:
    answer = b'{"a": [{"b": [1, 2]}, {"b": null}, {}, {"b": [3]}]}'
    assert records_in(answer, ("a", "b")) == [b"1", b"2", b"3"]
    assert records_in(b'{"a": null}', ("a",)) == []
    assert records_in(b"null", ("a",)) == records_in(b"null", ()) == []
    assert records_in(answer, ()) == [answer]


@pytest.mark.parametrize(
    "name", [name for name, stream in STREAMS.items() if stream.gateways != ("US", "EU", "GLOBAL")]
)
def test_streams_of_other_gateways_are_not_offered_to_router_shops(name: str) -> None:
    assert not STREAMS[name].is_offered_to("US")


def test_a_token_that_may_read_the_other_way_lacks_nothing() -> None:
    products: Callable[[list[str]], tuple[str, ...]] = STREAMS["products"].missing_from
    assert isinstance(STREAMS["products"].otherwise, ByCatalogue)
    assert products(["temu.local.sku.list.retrieve"]) == ()
    assert products([]) == ("bg.local.goods.sku.list.query",)


async def test_no_ids_no_calls() -> None:
    reading = STREAMS["sku_stocks"].reading
    assert isinstance(reading, ByIds)
    gateway = Gateway({})
    assert await _all(by_ids(gateway, Landed(), reading)) == []
    assert gateway.asked == []
