"""One writer per shop and stream, and one builder of marts, across processes.

Belongs here: session-level advisory locks. They end with their connection, so a killed process leaves none behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
import structlog
from psycopg import AsyncConnection

log = structlog.get_logger(__name__)


@asynccontextmanager
async def writer_lock(conn: AsyncConnection, shop_id: int, stream: str) -> AsyncIterator[None]:
    """Hold the right to write this shop's stream; a second writer waits. `conn` must be in autocommit."""
    key = [f"raw_temu.{stream} of shop {shop_id}"]
    cursor = await conn.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", key)
    row = await cursor.fetchone()
    if not (row and row[0]):
        log.info("waiting for another writer", shop_id=shop_id, stream=stream)
        await conn.execute("select pg_advisory_lock(hashtextextended(%s, 0))", key)
    try:
        yield
    finally:
        if not conn.closed:
            await conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", key)


@contextmanager
def builder_lock(database_url: str) -> Iterator[None]:
    """Hold the right to build models in this database; a second builder waits, as long as the first one needs."""
    with psycopg.connect(database_url, autocommit=True, application_name="omni builds models") as conn:
        conn.execute("select pg_advisory_lock(hashtextextended('models of dbt', 0))")
        yield
