"""Reading windows of a live list: nothing is missed, whatever moves between two answers (API reference §8.2)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import PermanentError, UnstableWindowError
from connectors.records import RawRecord, Sighting, Window
from connectors.temu.streams import ORDER_LIST
from connectors.temu.windows import Recognise, WindowRows, bounds, cut, read_window

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LISTING = dataclasses.replace(ORDER_LIST, page_size=3, leaf_rows=6)


def at(second: int) -> datetime:
    """An instant of the small world."""
    return EPOCH + timedelta(seconds=second)


class LiveList:
    """A gateway whose orders change while they are read: before call n, the orders in `moves[n]` are updated now."""

    shop = "Acme US"

    def __init__(self, updates: Mapping[str, int], moves: Mapping[int, list[str]], *, start: int) -> None:
        self.updates = dict(updates)
        self.moves = dict(moves)
        self.time = start
        self.calls = 0
        self.mangle = lambda rows, _params: rows

    def now(self) -> datetime:
        return at(self.time)

    async def ask(self, _api_type: str, params: Mapping[str, object], kind: type[object]) -> object:
        await asyncio.sleep(0)
        self.calls += 1
        self.time += 1
        for sn in self.moves.pop(self.calls, []):
            self.updates[sn] = self.time
        low, high = params["updateAtStart"], params["updateAtEnd"]
        base = int(EPOCH.timestamp())
        found = sorted(((t, sn) for sn, t in self.updates.items() if low <= base + t <= high), reverse=True)
        size, page = params["pageSize"], params["pageNumber"]
        rows = [_item(sn, base + t) for t, sn in found[(page - 1) * size : page * size]]
        rows = self.mangle(rows, params)
        return msgspec.convert({"totalItemNum": len(found), "pageItems": _raw(rows) or None}, kind)


def _raw(rows: list[object]) -> list[msgspec.Raw]:
    return [msgspec.Raw(msgspec.json.encode(row)) for row in rows]


def _item(sn: str, updated: int) -> dict[str, object]:
    return {"parentOrderMap": {"parentOrderSn": sn, "parentOrderStatus": 2, "updateTime": updated}, "orderList": []}


async def _read(client: LiveList, window: Window) -> list[WindowRows]:
    return [leaf async for leaf in read_window(client, LISTING, window)]


def _records(leaves: list[WindowRows]) -> list[RawRecord]:
    return [record for leaf in leaves for record in leaf.rows.records]


ORDERS = st.dictionaries(st.sampled_from([f"PO-{n}" for n in range(40)]), st.integers(0, 99), max_size=40)
MOVES = st.dictionaries(st.integers(1, 60), st.lists(st.sampled_from([f"PO-{n}" for n in range(40)]), max_size=3))


@given(ORDERS, st.integers(0, 50), st.integers(51, 100))
async def test_a_quiet_window_gives_exactly_its_orders_oldest_leaf_first(
    orders: dict[str, int], start: int, end: int
) -> None:
    leaves = await _read(LiveList(orders, {}, start=1000), Window(at(start), at(end)))
    found = {record.key[0]: record.source_updated_at for record in _records(leaves)}
    assert found == {sn: at(t) for sn, t in orders.items() if start <= t < end}
    assert len(_records(leaves)) == len(found)
    ends = [leaf.window.end for leaf in leaves]
    assert ends == sorted(ends)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(ORDERS, MOVES, st.integers(0, 20))
async def test_live_windows_over_a_drifting_list_never_miss_an_order(
    orders: dict[str, int], moves: dict[int, list[str]], overlap: int
) -> None:
    client = LiveList(orders, {call: [sn for sn in sns if sn in orders] for call, sns in moves.items()}, start=100)
    landed: dict[str, datetime] = {}
    watermark = at(0)
    for run in range(12):
        if run == 10:
            client.moves.clear()  # the last two runs find a quiet platform
        window = Window(max(at(0), watermark - timedelta(seconds=overlap)), client.now())
        try:
            for record in _records(await _read(client, window)):
                landed[record.key[0]] = max(landed.get(record.key[0], at(0)), record.source_updated_at)
                watermark = max(watermark, record.source_updated_at)
        except UnstableWindowError:
            pass  # the watermark stayed; the next run reads the window again
        client.time += 1
    assert landed == {sn: at(t) for sn, t in client.updates.items()}


def _stored(orders: Mapping[str, int], some: set[str]) -> Recognise:
    """A store that holds these orders as the platform shows them now; everything else is unknown to it."""
    base = int(EPOCH.timestamp())
    known = {msgspec.json.encode(_item(sn, base + t)): Sighting((sn,), at(t)) for sn, t in orders.items() if sn in some}

    async def recognise(_window: Window) -> object:
        return lambda rows: ([known[row] for row in rows if row in known], [row for row in rows if row not in known])

    return recognise


@given(ORDERS, st.sets(st.sampled_from([f"PO-{n}" for n in range(40)])))
async def test_orders_that_are_stored_as_they_come_are_seen_and_not_read_again(
    orders: dict[str, int], some: set[str]
) -> None:
    client, window = LiveList(orders, {}, start=1000), Window(at(0), at(100))
    leaves = [leaf async for leaf in read_window(client, LISTING, window, _stored(orders, some))]
    assert {record.key[0] for record in _records(leaves)} == set(orders) - some
    assert {sighting.key[0] for leaf in leaves for sighting in leaf.rows.sighted} == set(orders) & some
    assert {update for leaf in leaves for update in leaf.rows.updates()} == {at(t) for t in orders.values()}


async def test_a_row_that_slips_to_another_page_is_still_found() -> None:
    orders = {f"PO-{n}": n for n in range(6)}
    # Between page 1 and page 2 the newest order leaves: what was row 4 is row 3 now and would never be shown.
    client = LiveList(orders, {2: ["PO-5"]}, start=100)
    found = {record.key[0] for record in _records(await _read(client, Window(at(0), at(50))))}
    assert found == {f"PO-{n}" for n in range(5)}
    assert client.updates["PO-5"] > 50


async def test_a_list_that_never_stands_still_moves_nothing() -> None:
    orders = {f"PO-{n}": 7 for n in range(200)}
    client = LiveList(orders, {call: [f"PO-{call}"] for call in range(200)}, start=100)
    with pytest.raises(UnstableWindowError, match="Acme US"):
        await _read(client, Window(at(7), at(8)))


async def test_a_gateway_that_ignores_the_filter_is_found_out() -> None:
    client = LiveList({"PO-1": 5}, {}, start=100)
    client.mangle = lambda rows, _params: [_item("PO-9", 5)]
    with pytest.raises(PermanentError, match="ignores the time filter"):
        await _read(client, Window(at(0), at(50)))


async def test_a_page_that_repeats_is_not_taken_for_the_next_one() -> None:
    orders = {f"PO-{n}": 7 for n in range(5)}
    client = LiveList(orders, {}, start=100)
    first = [_item(f"PO-{n}", int(at(7).timestamp())) for n in (4, 3, 2)]
    client.mangle = lambda _rows, _params: first
    with pytest.raises(UnstableWindowError, match="3 different records, the platform reports 5"):
        await _read(client, Window(at(7), at(8)))


async def test_duplicate_rows_inside_one_page_do_not_hide_a_missing_one() -> None:
    client = LiveList({"PO-1": 5, "PO-2": 6, "PO-3": 7}, {}, start=100)
    client.mangle = lambda rows, _params: [rows[0], rows[0], *rows[2:]] if client.calls == 1 else rows
    assert {record.key[0] for record in _records(await _read(client, Window(at(0), at(50))))} == {
        "PO-1",
        "PO-2",
        "PO-3",
    }


async def test_an_empty_window_costs_no_call() -> None:
    client = LiveList({"PO-1": 5}, {}, start=100)
    assert await _read(client, Window(at(5), at(5))) == []
    assert client.calls == 0


def test_half_open_windows_become_inclusive_seconds() -> None:
    base = int(EPOCH.timestamp())
    assert bounds(LISTING, Window(at(0), at(60))) == {"updateAtStart": base, "updateAtEnd": base + 59}


@given(st.integers(2, 10_000), st.integers(1, 300))
def test_a_cut_window_is_covered_exactly(seconds: int, pieces: int) -> None:
    parts = cut(Window(at(0), at(seconds)), pieces)
    assert parts[0].start == at(0)
    assert parts[-1].end == at(seconds)
    assert all(one.end == other.start for one, other in pairwise(parts))
    assert all(part.seconds >= 1 for part in parts)
