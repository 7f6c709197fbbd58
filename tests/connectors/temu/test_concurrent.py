"""Waiting for several calls: order kept, errors plain, nothing left running."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.temu.concurrent import ahead_in_order, all_of


async def _number(value: int, *, turns: int = 0) -> int:
    for _ in range(turns):
        await asyncio.sleep(0)
    return value


async def test_results_come_in_the_order_of_the_work_not_of_its_end() -> None:
    assert await all_of(_number(n, turns=9 - n) for n in range(10)) == list(range(10))


async def test_the_first_error_is_raised_as_it_is_and_the_rest_is_cancelled() -> None:
    cancelled: list[int] = []

    async def wait(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(number)

    async def fail() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await all_of([wait(1), fail(), wait(2)])
    assert cancelled == [1, 2]
    assert len(asyncio.all_tasks()) == 1


@given(st.integers(1, 64), st.integers(1, 5), st.integers(1, 9))
async def test_work_that_splits_itself_still_comes_in_order(size: int, ahead: int, largest: int) -> None:
    async def work(span: range) -> range | list[range]:
        await asyncio.sleep(0)
        if len(span) <= largest:
            return span
        middle = span.start + len(span) // 2
        return [range(span.start, middle), range(middle, span.stop)]

    found = [number async for span in ahead_in_order([range(size)], work, ahead=ahead) for number in span]
    assert found == list(range(size))


async def test_no_more_than_the_wanted_number_is_under_way() -> None:
    flying, most = 0, 0

    async def work(number: int) -> int | list[int]:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0)
        flying -= 1
        return number

    assert [n async for n in ahead_in_order(range(30), work, ahead=4)] == list(range(30))
    assert most <= 4


async def test_who_stops_listening_leaves_nothing_running() -> None:
    async def work(number: int) -> int | list[int]:
        if number:
            await asyncio.Event().wait()
        return number

    results = ahead_in_order(range(5), work, ahead=5)
    assert await anext(results) == 0
    await results.aclose()
    assert len(asyncio.all_tasks()) == 1
