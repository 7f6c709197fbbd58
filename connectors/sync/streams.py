"""One stream of one shop: its window, its task row, its leaves from the gateway to the commit.

Belongs here: `sync_stream`. Errors leave it as they are; what they mean for the shop is decided in `run`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import psycopg
import structlog
from structlog.contextvars import bound_contextvars

from connectors.errors import StreamForbiddenError, TransientError
from connectors.postgres.dead_letters import open_keys
from connectors.postgres.load import Loaded
from connectors.postgres.locks import WriterLock, writer_lock
from connectors.postgres.task_items import log_dead_letters
from connectors.postgres.tasks import finish_task, start_task, tell_counts
from connectors.postgres.watermarks import read_watermark
from connectors.records import Window
from connectors.settings import Settings
from connectors.sync.arrivals import Judge, begin, overlap_of
from connectors.sync.reports import SyncProgress, SyncReport
from connectors.sync.tally import Tally
from connectors.sync.writers import Landing
from connectors.temu.extract import Leaf
from connectors.temu.streams import STREAMS, ByCatalogue, ByOrder, ByWindow, Stream
from connectors.temu.streams.shapes import ByIds, ByLocalDay, ByTask

Progress = Callable[[SyncProgress], None]
SECONDS_BETWEEN_COUNTS = 2.0
"""How old the counts of a running task may be in its row."""
log = structlog.get_logger(__name__)


async def sync_stream(
    tally: Tally, stream: Stream, asked: Window | None, settings: Settings, on_progress: Progress | None
) -> SyncReport:
    """Read and store one stream while holding its lock; `tally` is left as far as it came when an error is raised."""
    session = tally.session
    stream = stream.spoken(session.shop.dialect) or stream
    async with writer_lock(session.control, session.shop.id, stream.name) as lock:
        tally.window = await stream_window(tally, stream, asked, settings)
        window = tally.window or Window(session.client.now(), session.client.now())
        judge = await begin(tally, stream, settings)
        await land_all(tally, session.reader.leaves(stream, window), lock, on_progress=on_progress, judge=judge)
        watermark = await read_watermark(session.control, session.shop.id, stream.name)
    return tally.report(watermark)


async def land_all(
    tally: Tally,
    leaves: AsyncGenerator[Leaf, None],
    lock: WriterLock,
    *,
    on_progress: Progress | None = None,
    judge: Judge | None = None,
) -> None:
    """Store every leaf under a task row, under the stream's lock. `judge` concludes at the end."""
    session = tally.session
    tally.task_id = task_id = await start_task(
        session.control,
        shop_id=session.shop.id,
        stream=tally.stream,
        mode=tally.mode,
        window=tally.window,
        run_id=tally.run_id,
    )
    try:
        with bound_contextvars(run=tally.run_id, stream=tally.stream, mode=tally.mode):
            async with _counts_told(tally, task_id):
                await _land_leaves(tally, leaves, lock, on_progress)
    except StreamForbiddenError as error:
        tally.forbidden = str(error)
    except Exception as error:
        await _finish(tally, error)
        raise
    stream = STREAMS[tally.stream]
    refused = [session.reader.forbidden.get(operation) for operation in (*stream.operations, *stream.variants)]
    tally.forbidden = tally.forbidden or "; ".join(str(error) for error in refused if error) or None
    if judge and not tally.forbidden:
        await judge.conclude()
    await _finish(tally)


@asynccontextmanager
async def _counts_told(tally: Tally, task_id: UUID) -> AsyncIterator[None]:
    """Keep the counts in the task's row up to date: whoever watches a long reading sees it move, and that it lives."""
    over = asyncio.Event()
    telling = asyncio.create_task(_tell_counts_until(over, tally, task_id))
    try:
        yield
    finally:
        over.set()  # not cancelled: a statement that is cut off takes others on its connection along
        await telling


async def _tell_counts_until(over: asyncio.Event, tally: Tally, task_id: UUID) -> None:
    told = tally.task_counts()
    while not over.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), SECONDS_BETWEEN_COUNTS)
        counts = tally.task_counts()
        if over.is_set() or counts == told:  # whoever ends it tells the last ones
            continue
        try:
            await tell_counts(tally.session.control, task_id, counts)
        except psycopg.Error as error:  # the reading itself finds out whether the database is gone
            log.warning("counts are not told", stream=tally.stream, error=str(error))
        told = counts


async def _finish(tally: Tally, error: Exception | None = None) -> None:
    """Close the task row with what was counted and set aside, however it ended."""
    session, task_id = tally.session, tally.task_id
    if task_id is None:
        raise RuntimeError("a task is finished only after it was started")
    if tally.dead_lettered:
        await log_dead_letters(
            session.control, task_id, run_id=tally.run_id, shop_id=session.shop.id, stream=tally.stream
        )
    with session.client.counts.handed_over() as calls:
        await finish_task(
            session.control,
            task_id,
            tally.task_counts(),
            calls=calls,
            error=error,
            skipped=tally.forbidden,
            warning=tally.warning,
        )


async def _land_leaves(
    tally: Tally, leaves: AsyncGenerator[Leaf, None], lock: WriterLock, on_progress: Progress | None
) -> None:
    def committed(leaf: Leaf, loaded: dict[str, Loaded]) -> None:
        tally.add(leaf, loaded)
        if on_progress:
            on_progress(tally.progress())

    landing = Landing(
        tally.session.writers,
        shop_id=tally.session.shop.id,
        stream=tally.stream,
        run_id=tally.run_id,
        moves_watermark=tally.mode == "live",
        on_commit=committed,
        open_letters=await open_keys(tally.session.control, shop_id=tally.session.shop.id, stream=tally.stream),
    )
    try:
        async with aclosing(leaves):
            async for leaf in leaves:
                await landing.submit(leaf)
                if await lock.is_wanted():  # news do not wait for the end of a month that is read again
                    await landing.finish()
                    await lock.lend()
        await landing.finish()
    except (StreamForbiddenError, TransientError):  # what was read before is whole and true
        await landing.finish()
        raise
    finally:
        await landing.abandon()


async def stream_window(tally: Tally, stream: Stream, asked: Window | None, settings: Settings) -> Window | None:
    """What to read, None for what is read whole: as asked, or on from the watermark; never the unsettled present."""
    reading = stream.reading
    if isinstance(reading, (ByCatalogue, ByIds)):
        return None
    session = tally.session
    settled = session.client.now() - settings.settle
    if asked:
        start, end = (instant.replace(microsecond=0) for instant in (asked.start, asked.end))
        return Window(start, max(start, min(end, settled)))
    watermark = await read_watermark(session.control, session.shop.id, stream.name)
    reach, again = timedelta(days=settings.history_days), await overlap_of(tally, stream, settings)
    if isinstance(reading, (ByLocalDay, ByTask)):
        reach, again = reading.reach, reading.settle
    if isinstance(reading, ByWindow) and reading.settle:
        again = reading.settle
    start = watermark - again if watermark else settled - reach
    if isinstance(reading, ByOrder) and reading.recent:
        start = max(start, settled - timedelta(days=settings.parcel_days))
    return Window(start, max(start, settled))
