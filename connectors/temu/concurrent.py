"""Waiting for several calls at once, with plain errors.

Belongs here: the two shapes of waiting that reading needs. `asyncio.TaskGroup` wraps errors into groups; callers here
decide by the class of one error, so the first is raised as it is and the rest are cancelled.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from itertools import islice
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Every result, in order; at the first error the rest is cancelled and the error raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await _cancel(tasks)


async def ahead_in_order(
    items: Iterable[T], work: Callable[[T], Awaitable[R | list[T]]], *, ahead: int
) -> AsyncGenerator[R, None]:
    """Results of `work` in the order of `items`, up to `ahead` of them under way. A list means "do these instead".

    Whoever may stop early closes it (`contextlib.aclosing`), and so do generators between: calls under way end then.
    """
    waiting: deque[_Slot[T, R]] = deque(_Slot(item) for item in items)
    try:
        while waiting:
            for slot in islice(waiting, ahead):
                slot.start(work)
            outcome = await waiting[0].result()
            waiting.popleft()
            if isinstance(outcome, list):
                waiting.extendleft(_Slot(item) for item in reversed(outcome))
            else:
                yield outcome
    finally:
        await _cancel([slot.task for slot in waiting if slot.task])


class _Slot(Generic[T, R]):
    """An item and, once begun, its task."""

    __slots__ = ("item", "task")

    def __init__(self, item: T) -> None:
        self.item = item
        self.task: asyncio.Future[R | list[T]] | None = None

    def start(self, work: Callable[[T], Awaitable[R | list[T]]]) -> None:
        if self.task is None:
            self.task = asyncio.ensure_future(work(self.item))

    async def result(self) -> R | list[T]:
        if self.task is None:
            raise RuntimeError("a slot is awaited only after it was started")
        return await self.task


async def _cancel(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Nothing outlives the one who asked for it; what the others had to say is of no interest any more."""
    left = [task for task in tasks if task.cancel()]
    await asyncio.gather(*left, return_exceptions=True)
