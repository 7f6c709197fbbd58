"""Statement files: ask the platform to make one, wait for it, fetch it at once, keep it whole (API reference §15).

Belongs here: the way of reading `ByTask`. A file covers whole UTC days of one calendar month; the running month's is
read again until the month has settled. The address of a file expires and opens it for anybody, so it is not kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from connectors.errors import PermanentError, TransientError
from connectors.records import RawRecord, Window
from connectors.temu.client import TemuClient
from connectors.temu.concurrent import ahead_in_order
from connectors.temu.leaves import Leaf
from connectors.temu.streams.shapes import ByTask

Sleep = Callable[[float], Awaitable[None]]
WAITS = (0.1, 0.4, 1.0, 2.0, 3.0, 5.0, 8.0, *[10.0] * 60)
"""Seconds between two looks at a task; after the last one we stop waiting for it."""
FAILED = "TIME_OUT"
FILES_AHEAD = 4


class _Task(msgspec.Struct, rename="camel"):
    """State of a task; all optional. Words other than TIME_OUT are not documented: a file address decides."""

    task_id: str | None = None
    status: str | None = None
    file_name: str | None = None
    file_url: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Whole UTC days `[start, end)` of one month."""

    start: date
    end: date

    @property
    def window(self) -> Window:
        """Its instants."""
        return Window(*(datetime.combine(day, time.min, UTC) for day in (self.start, self.end)))


Made = tuple[Period, str, RawRecord | TransientError]


async def by_task(
    client: TemuClient, reading: ByTask, window: Window, sleep: Sleep = asyncio.sleep
) -> AsyncGenerator[Leaf, None]:
    """A leaf per file, oldest month first. A file that the platform fails to make stops no other; all are told at the
    end in one TransientError, and the watermark stays before the first of them."""

    async def file(wanted: tuple[Period, str]) -> Made | list[tuple[Period, str]]:
        period, kind = wanted
        try:
            return period, kind, await _file(client, reading, kind, period, sleep)
        except TransientError as error:
            return period, kind, error

    failures: list[str] = []
    wanted = [(period, kind) for period in periods(window) for kind in reading.kinds]
    async with aclosing(ahead_in_order(wanted, file, ahead=FILES_AHEAD)) as files:
        async for period, kind, made in files:
            if isinstance(made, TransientError):
                failures.append(str(made.args[0]))
                continue
            leaf = Leaf({reading.entity.table: [made]})
            if not failures and kind == reading.kinds[-1]:
                leaf.watermark = period.window.end
            yield leaf
    if failures:
        raise TransientError("; ".join(failures), remedy="the next run asks for these files again")


def periods(window: Window) -> Iterator[Period]:
    """The months that `window` touches, the last one up to the last midnight (UTC) before its end."""
    start, end = window.start.astimezone(UTC).date().replace(day=1), window.end.astimezone(UTC).date()
    while start < end:
        following = (start + timedelta(days=31)).replace(day=1)
        yield Period(start, min(following, end))
        start = following


async def _file(client: TemuClient, reading: ByTask, kind: str, period: Period, sleep: Sleep) -> RawRecord:
    where = f"shop {client.shop}, {kind} of {period.start:%Y-%m}"
    params = {"fileType": kind, **reading.window.of(period.window)}
    made = await client.ask(reading.create, params, _Task)
    if made is None or not made.task_id:
        raise PermanentError(f"{where}: {reading.create} answered without a task id")
    ready = await _wait(client, reading, made.task_id, where, sleep)
    content = await client.download(ready.file_url or "", where)
    told = {
        "fileType": kind,
        "fileName": ready.file_name,
        "status": ready.status,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    columns = (period.end, ready.file_name, content)
    return RawRecord((kind, period.start), columns, client.now(), msgspec.json.encode(told))


async def _wait(client: TemuClient, reading: ByTask, task_id: str, where: str, sleep: Sleep) -> _Task:
    for seconds in WAITS:
        await sleep(seconds)
        task = await client.ask(reading.poll, {"taskId": task_id}, _Task) or _Task()
        if task.status == FAILED:
            raise TransientError(f"{where}: the platform did not make the file ({FAILED}: {task.error_message})")
        if task.file_url:
            return task
    raise TransientError(f"{where}: the file was not ready after {sum(WAITS):.0f} s")
