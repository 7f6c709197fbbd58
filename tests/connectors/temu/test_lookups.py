"""Asking about landed records: what lands, what is set aside, what is asked for again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.errors import StreamForbiddenError
from connectors.records import EVERY_RECORD
from connectors.temu.errors import NothingToTellError, NotReadyError, OtherSiteError, RecordNotFoundError
from connectors.temu.lookups import Answers, Asker, Parent
from connectors.temu.streams import STREAMS, Batch, ByOrder, Lookup

FIXTURES = Path(__file__).parents[2] / "fixtures" / "temu"
NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)


class Gateway:
    """Answers every call with one function of its parameters, and remembers them."""

    shop = "Acme US"

    def __init__(self, answer: Callable[[Mapping[str, Any]], object]) -> None:
        self.answer = answer
        self.asked: list[Mapping[str, Any]] = []
        self.types: list[str] = []
        self.refusals: dict[str, Exception] = {}

    def now(self) -> datetime:
        return NOW

    async def call(self, api_type: str, params: Mapping[str, Any]) -> bytes:
        self.asked.append(params)
        self.types.append(api_type)
        result = self.refusals.get(api_type) or self.answer(params)
        if isinstance(result, Exception):
            raise result
        return msgspec.json.encode(result)

    async def ask(self, api_type: str, params: Mapping[str, Any], kind: type[object]) -> object:
        return msgspec.json.decode(await self.call(api_type, params), type=kind)


def _lookup(stream: str) -> Lookup | Batch:
    reading = STREAMS[stream].reading
    assert isinstance(reading, ByOrder)
    return reading.lookup


def _sample(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text())["result"]


def _parent(number: int, hours_ago: float = 48) -> Parent:
    return Parent(f"SN-{number}", "PO-211-1", NOW - timedelta(hours=hours_ago), f"PA-{number}")


async def _ask(stream: str, gateway: Gateway, *parents: Parent) -> Answers:
    return await Asker(gateway, {}).ask(_lookup(stream), parents or [_parent(1)])


@pytest.mark.parametrize(
    ("stream", "sample", "columns", "params"),
    [
        (
            "shipments",
            "bg.logistics.shipment.v2.get",
            ("PO-211-1",),
            {"parentOrderSn": "PO-211-1", "orderSn": "SN-1"},
        ),
        (
            "tracking_events",
            "temu.track.trackinginfo.get",
            ("SYN0000000101", "PO-211-1"),
            {"packageSn": "SN-1", "language": "en"},
        ),
        (
            "return_parcels",
            "bg.aftersales.parentreturnorder.get",
            ("PA-1",),
            {"parentAfterSalesSn": "PA-1", "afterSalesSn": "SN-1"},
        ),
    ],
)
async def test_an_answer_lands_whole_under_the_number_that_was_asked_for(
    stream: str, sample: str, columns: tuple[object, ...], params: dict[str, object]
) -> None:
    gateway = Gateway(lambda _params: _sample(sample))
    [record] = (await _ask(stream, gateway)).rows.records
    assert (record.key, record.columns) == (("SN-1",), columns)
    assert json.loads(record.payload) == _sample(sample)
    assert gateway.asked == [params]


async def test_scans_are_dated_by_the_read_and_everything_else_by_its_record() -> None:
    gateway = Gateway(lambda _params: {})
    [scans] = (await _ask("tracking_events", gateway)).rows.records
    [parcels] = (await _ask("shipments", gateway)).rows.records
    assert (scans.source_updated_at, parcels.source_updated_at) == (NOW, _parent(1).updated_at)


async def test_nothing_to_tell_is_an_answer_and_an_unknown_record_is_set_aside() -> None:
    silent = await _ask("tracking_events", Gateway(lambda _params: NothingToTellError("170070011")))
    assert [record.payload for record in silent.rows.records] == [b"{}"]
    assert silent.rows.rejected == []
    unknown = await _ask("shipments", Gateway(lambda _params: RecordNotFoundError("120012016")))
    assert (unknown.rows.records, [one.reason_code for one in unknown.rows.rejected]) == ([], ["not_found"])


def _line(case: str, number: int) -> dict[str, object]:
    return {"parentAfterSalesSn": case, "afterSalesSn": f"{case}-{number}", "afterSalesStatus": 5}


async def test_one_call_asks_about_many_cases_and_each_line_is_dated_by_its_own_case() -> None:
    def answer(params: Mapping[str, Any]) -> object:
        rows = [_line(case, number) for case in params["parentAfterSalesSnList"] for number in (1, 2)]
        return {"total": len(rows), "data": rows}

    gateway, parents = Gateway(answer), [_parent(number, hours_ago=number) for number in range(1, 121)]
    found = await _ask("after_sales_lines", gateway, *parents)
    assert [len(params["parentAfterSalesSnList"]) for params in gateway.asked] == [50, 50, 20]
    times = {record.columns[0]: record.source_updated_at for record in found.rows.records}
    assert times == {parent.sn: parent.updated_at for parent in parents}
    assert len(found.rows.records) == 240


async def test_lines_of_cases_that_nobody_asked_for_do_not_land() -> None:
    rows = [_line("SN-1", 1), _line("SN-9", 1)]
    found = await _ask("after_sales_lines", Gateway(lambda _params: {"total": 2, "data": rows}))
    assert [record.key for record in found.rows.records] == [("SN-1-1",)]


async def test_a_case_of_which_a_list_knows_nothing_is_told_from_one_that_it_knows() -> None:
    gateway = Gateway(lambda _params: {"total": 1, "data": [_line("SN-1", 1)]})
    found = await _ask("after_sales_lines", gateway, _parent(1), _parent(2))
    assert found.asked == {EVERY_RECORD: None, "SN-1": None, "SN-2": "empty"}
    assert found.pending == 0


async def test_what_the_platform_is_not_ready_for_is_named() -> None:
    found = await _ask("order_amounts", Gateway(lambda _params: NotReadyError("140020012")), _parent(1), _parent(2))
    assert found.asked == {EVERY_RECORD: None, "SN-1": "pending", "SN-2": "pending"}


@pytest.mark.parametrize("stream", ["shipments", "tracking_events", "after_sales_lines", "return_parcels"])
async def test_an_operation_that_is_not_granted_costs_one_call(stream: str) -> None:
    gateway = Gateway(lambda _params: StreamForbiddenError("3000032"))
    with pytest.raises(StreamForbiddenError):
        await _ask(stream, gateway, *(_parent(number) for number in range(150)))
    assert len(gateway.asked) == 1


@pytest.mark.parametrize(
    ("warning", "hours_ago", "pending"),
    [(["still computing"], 1, 1), (["still computing"], 25, 0), ([], 1, 0), (None, 1, 0)],
)
async def test_amounts_with_a_fresh_caveat_land_and_are_wanted_again(
    warning: Sequence[str] | None, hours_ago: int, pending: int
) -> None:
    parent = _parent(1, hours_ago)
    found = await _ask("order_amounts", Gateway(lambda _params: {"orderList": [], "warning": warning}), parent)
    [record] = found.rows.records
    assert found.pending == pending
    assert (record.source_updated_at < parent.updated_at) == bool(pending)


V1, V2, V3 = "bg.order.amount.query", "temu.order.amount.v2.query", "temu.order.amount.v3.query"


@pytest.mark.parametrize(
    ("region", "closed", "asked"),
    [("100", (), [V2]), ("211", (), [V1]), ("091", (V3,), [V3, V1]), ("211", (V1,), [V1, V2]),
     ("211", (V1, V2), [V1, V2, V3])],
)  # fmt: skip
async def test_the_money_of_an_order_is_asked_from_the_variant_that_serves_its_site(
    region: str, closed: tuple[str, ...], asked: list[str]
) -> None:
    gateway = Gateway(lambda _params: {})
    gateway.refusals = {variant: OtherSiteError("140020015") for variant in closed}
    found = await _ask("order_amounts", gateway, Parent("S", f"PO-{region}-1", NOW))
    assert gateway.types == asked
    assert found.rows.records[0].columns == (asked[-1],)


async def test_an_order_that_no_variant_serves_is_set_aside() -> None:
    gateway = Gateway(lambda _params: {})
    gateway.refusals = {variant: OtherSiteError("140020015") for variant in (V1, V2, V3)}
    found = await _ask("order_amounts", gateway)
    assert ([one.reason_code for one in found.rows.rejected], found.pending) == (["not_found"], 0)


async def test_a_variant_that_is_not_granted_leaves_its_own_orders_waiting_and_costs_one_call() -> None:
    gateway = Gateway(lambda _params: {})
    gateway.refusals = {V3: StreamForbiddenError("3000032")}
    forbidden: dict[str, StreamForbiddenError] = {}
    parents = [Parent(f"S-{number}", f"PO-{'091' if number % 2 else '076'}-1", NOW) for number in range(8)]
    found = await Asker(gateway, forbidden).ask(_lookup("order_amounts"), parents)
    assert (len(found.rows.records), found.pending, list(forbidden)) == (4, 4, [V3])
    assert [sn for sn, cause in found.asked.items() if cause] == ["S-1", "S-3", "S-5", "S-7"]
    assert set(found.asked.values()) == {None, "forbidden"}
    again = await Asker(gateway, forbidden).ask(_lookup("order_amounts"), parents)
    assert (again.pending, gateway.types.count(V3)) == (4, 1)
