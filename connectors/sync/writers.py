"""Connections that write, and the order in which leaves become visible.

Belongs here: up to two connections per shop, so that one leaf travels while the other is being stored. Commits keep the
order of the leaves: a watermark never stands for a leaf that is not stored, wherever the process dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from connectors.postgres.dead_letters import DeadLetter, keep_dead_letters, resolve_landed
from connectors.postgres.load import Loaded, load_records
from connectors.postgres.tables import RAW_TABLES
from connectors.postgres.unanswered import note_asked
from connectors.postgres.watermarks import advance_watermark
from connectors.records import key_text
from connectors.temu.decoding import Rejected
from connectors.temu.extract import Leaf
from connectors.temu.streams import STREAMS

MOST_CONNECTIONS = 2
NOT_STORABLE = "not_storable"
"""Reason of a letter whose record was typed but holds a value that no jsonb can."""

# Rows are looked up by key, a thousand at a time, in tables whose statistics may be hours old: never by scanning them.
# No leaf waits for the disk: rows and watermark are lost or kept together, and the task is called completed by a
# commit that does wait and is written after them.
_SESSION = """
    select set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
        set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false),
        set_config('synchronous_commit', 'off', false)
"""


class Writers:
    """The writing connections of one shop; the second is opened when it is first needed."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._free: list[AsyncConnection] = []
        self._opened: list[AsyncConnection] = []

    async def take(self) -> AsyncConnection:
        """A connection that nobody else uses; waits while all are busy."""
        await self._places.acquire()
        if self._free:
            return self._free.pop()
        try:
            return await self._open()
        except BaseException:
            self._places.release()
            raise

    def give(self, connection: AsyncConnection) -> None:
        """Hand it back; one that was cut off in the middle is replaced when it is next needed."""
        if not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE:
            self._free.append(connection)
        self._places.release()

    async def close(self) -> None:
        """Close them all; an unfinished transaction is rolled back."""
        for connection in self._opened:
            await connection.close()

    async def _open(self) -> AsyncConnection:
        connection = await AsyncConnection.connect(self._url, autocommit=True, application_name="omni writer")
        self._opened.append(connection)
        await connection.execute(_SESSION)
        return connection


class Landing:
    """Stores the leaves of one stream. `moves_watermark` is False for backfills and single records.

    `open_letters` are table and key of records that wait as dead letters: one that lands closes its letter.
    """

    def __init__(
        self,
        writers: Writers,
        *,
        shop_id: int,
        stream: str,
        run_id: str,
        moves_watermark: bool,
        on_commit: Callable[[Leaf, dict[str, Loaded]], None],
        open_letters: Collection[tuple[str, str]] = (),
    ) -> None:
        self._writers = writers
        self._shop_id = shop_id
        self._stream = stream
        self._run_id = run_id
        self._moves_watermark = moves_watermark
        self._on_commit = on_commit
        self._open_letters = open_letters
        self._last: tuple[Leaf, asyncio.Task[None]] | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def submit(self, leaf: Leaf) -> None:
        """Begin to store a leaf; returns when a connection has taken it. Raises what stopped an earlier one."""
        connection = await self._writers.take()
        if self._last and self._last[1].done() and self._last[1].exception():
            self._writers.give(connection)
            self._last[1].result()
        task = asyncio.create_task(self._land(connection, leaf, self._last))
        self._last = leaf, task
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Wait until every leaf is committed."""
        if self._last:
            await _committed(self._last[1])

    async def abandon(self) -> None:
        """Stop whatever is under way; it leaves no trace."""
        left = list(self._under_way)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _land(
        self, connection: AsyncConnection, leaf: Leaf, previous: tuple[Leaf, asyncio.Task[None]] | None
    ) -> None:
        try:
            if previous and _share_a_key(leaf, previous[0]):
                await _committed(previous[1])
            async with connection.transaction():
                loaded = await self._load(connection, leaf)
                if previous:  # one that has ended may have failed: then this one must not be committed either
                    await _committed(previous[1])
                await self._conclude(connection, leaf, loaded)
        finally:
            self._writers.give(connection)
        self._on_commit(leaf, loaded)

    async def _load(self, connection: AsyncConnection, leaf: Leaf) -> dict[str, Loaded]:
        loaded = {}
        for table, records in leaf.records.items():
            raw = RAW_TABLES[table]
            loaded[table] = await load_records(connection, raw, records, shop_id=self._shop_id, run_id=self._run_id)
        return loaded

    async def _conclude(self, connection: AsyncConnection, leaf: Leaf, loaded: dict[str, Loaded]) -> None:
        # After the earlier leaf's commit only: both may set the same record aside, and would wait for each other.
        letters = letters_of(self._stream, leaf.rejected, loaded)
        await keep_dead_letters(
            connection,
            letters,
            shop_id=self._shop_id,
            stream=self._stream,
            run_id=self._run_id,
            window=leaf.window,
        )
        if self._open_letters:
            landed = _landed_after_all(leaf, loaded, self._open_letters)
            await resolve_landed(connection, landed, shop_id=self._shop_id, run_id=self._run_id)
        if leaf.asked:
            await note_asked(connection, leaf.asked, shop_id=self._shop_id, stream=self._stream)
        if self._moves_watermark and leaf.watermark:
            await advance_watermark(connection, self._shop_id, self._stream, leaf.watermark, run_id=self._run_id)


def letters_of(stream: str, rejected: Sequence[Rejected], loaded: Mapping[str, Loaded]) -> list[DeadLetter]:
    """What of a leaf has to be set aside: records that could not be typed, and those that the server refused."""
    letters = [DeadLetter(one.reason_code, one.field_path, one.message, one.payload, one.origin) for one in rejected]
    for table, counts in loaded.items():
        letters += [
            DeadLetter(
                NOT_STORABLE, "", one.message, one.payload, STREAMS[stream].entity_of(table).origin_of(one.record)
            )
            for one in counts.refused
        ]
    return letters


def _landed_after_all(
    leaf: Leaf, loaded: Mapping[str, Loaded], waiting: Collection[tuple[str, str]]
) -> dict[str, set[str]]:
    """Keys by table of those records that waited as letters and are stored now."""
    landed = {}
    for table, records in leaf.records.items():
        refused = {key_text(one.record.key) for one in loaded[table].refused}
        keys = {text for record in records if (table, text := key_text(record.key)) in waiting} - refused
        if keys:
            landed[table] = keys
    return landed


async def _committed(task: asyncio.Task[None]) -> None:
    """Wait for another leaf without taking it down when we are cancelled; raises if it was not committed."""
    await asyncio.wait([task])
    task.result()


def _share_a_key(one: Leaf, other: Leaf) -> bool:
    """Whether both touch the same row: then the server would make the later wait for the earlier, and we for it."""
    for table, records in one.records.items():
        keys = {record.key for record in records}
        if any(record.key in keys for record in other.records.get(table, ())):
            return True
    return False
