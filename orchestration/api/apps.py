"""The apps that may push events, remembered for a while: acknowledging must not wait for the database.

Belongs here: when the list is read again. What is in it: `connectors.app_secrets`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import psycopg
import structlog

from connectors.app_secrets import KnownApps
from connectors.errors import OmniError, TransientError

FRESH_SECONDS = 30.0
EAGER_SECONDS = 3.0
"""A delivery that does not fit may belong to a shop or secret of a moment ago; this often we look again for such."""
log = structlog.get_logger(__name__)


class Apps:
    """The known apps. `read` asks the database and runs in a thread."""

    def __init__(self, read: Callable[[], KnownApps], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._known: KnownApps | None = None
        self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def known(self) -> KnownApps:
        """What was read last; an old list is good enough while a newer one is being read.

        Raises TransientError when the list could never be read.
        """
        age = self._clock() - self._tried_at
        if self._known is None and (age > EAGER_SECONDS or self._reading):
            await self._refresh()
        elif age > FRESH_SECONDS:
            self._start()
        if self._known is None:
            raise TransientError("the shops cannot be read now", remedy="send the event again later")
        return self._known

    async def newer(self) -> KnownApps | None:
        """A list read just now, or None if the last reading is too young to look again."""
        if self._reading is None and self._clock() - self._tried_at < EAGER_SECONDS:
            return None
        before = self._known
        await self._refresh()
        return self._known if self._known is not before else None

    def _start(self) -> asyncio.Task[None]:
        if self._reading is None:
            self._tried_at = self._clock()
            self._reading = asyncio.create_task(self._load())
        return self._reading

    async def _refresh(self) -> None:
        await asyncio.shield(self._start())

    async def _load(self) -> None:
        try:
            self._known = await asyncio.to_thread(self._read)
            if self._known.unreadable:
                log.error("secrets cannot be opened", shops=self._known.unreadable)
        except (psycopg.Error, OSError, OmniError) as error:
            log.error("the shops cannot be read; the list known before stays in force", error=str(error))
        finally:
            self._reading = None
