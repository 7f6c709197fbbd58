"""One writer per shop and stream, and one builder of marts, across processes.

Belongs here: session-level advisory locks. They end with their connection, so a killed process leaves none behind.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
import structlog
from psycopg import AsyncConnection

log = structlog.get_logger(__name__)


SECONDS_BETWEEN_LOOKS = 1.0
"""How often a writer looks whether another one waits."""
_LOCK = "select pg_advisory_lock(hashtextextended(%s, 0))"
_UNLOCK = "select pg_advisory_unlock(hashtextextended(%s, 0))"
_IS_WANTED = """
    select exists (
        select from pg_locks, hashtextextended(%s, 0) as key
        where locktype = 'advisory' and objsubid = 1 and not granted
            and database = (select oid from pg_database where datname = current_database())
            and classid::bigint = key >> 32 & 4294967295 and objid::bigint = key & 4294967295
    )
"""


class WriterLock:
    """The right to write one stream of one shop, held. Between two leaves it can be lent to whoever waits for it."""

    def __init__(self, conn: AsyncConnection, name: str) -> None:
        self._conn = conn
        self._name = name
        self._looked = time.monotonic()

    async def is_wanted(self) -> bool:
        """Whether another writer waits; looked for once in `SECONDS_BETWEEN_LOOKS`."""
        if time.monotonic() - self._looked < SECONDS_BETWEEN_LOOKS:
            return False
        self._looked = time.monotonic()
        row = await (await self._conn.execute(_IS_WANTED, [self._name])).fetchone()
        return bool(row and row[0])

    async def lend(self) -> None:
        """Let those who wait go first; returns when the right is ours again. Nothing of ours may be under way."""
        await self._conn.execute(_UNLOCK, [self._name])
        await self._conn.execute(_LOCK, [self._name])


@asynccontextmanager
async def writer_lock(conn: AsyncConnection, shop_id: int, stream: str) -> AsyncIterator[WriterLock]:
    """Hold the right to write this shop's stream; a second writer waits. `conn` must be in autocommit."""
    name = f"raw_temu.{stream} of shop {shop_id}"
    cursor = await conn.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
    row = await cursor.fetchone()
    if not (row and row[0]):
        log.info("waiting for another writer", shop_id=shop_id, stream=stream)
        await conn.execute(_LOCK, [name])
    try:
        yield WriterLock(conn, name)
    finally:
        if not conn.closed:
            await conn.execute(_UNLOCK, [name])


@contextmanager
def builder_lock(database_url: str) -> Iterator[None]:
    """Hold the right to build models in this database; a second builder waits, as long as the first one needs."""
    with psycopg.connect(database_url, autocommit=True, application_name="omni builds models") as conn:
        conn.execute("select pg_advisory_lock(hashtextextended('models of dbt', 0))")
        yield
