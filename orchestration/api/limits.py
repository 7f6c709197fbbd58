"""How much one caller may send: bytes of a body, calls in a minute.

Belongs here: both limits, independent of who asks. State is kept in this process; it is one process by design.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.api.problems import ProblemError, problem

_MOST_BUCKETS = 10_000


class BodyLimit:
    """Refuses bodies above the limit of their path with 413, declared or streamed."""

    def __init__(self, app: ASGIApp, *, limit: int, paths: dict[str, int]) -> None:
        self._app = app
        self._limit = limit
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._paths.get(scope["path"], self._limit)
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if declared and not (declared.isdigit() and len(declared) < 10 and int(declared) <= limit):
            await problem(413, _detail(limit))(scope, receive, send)
            return
        await self._app(scope, _counting(receive, limit), send)


def _counting(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise ProblemError(413, _detail(limit))
        return message

    return counted


def _detail(limit: int) -> str:
    return f"a body of at most {limit:,} bytes is taken here"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass
class RateLimit:
    """A bucket of `per_minute` calls per name that refills evenly; `clock` gives seconds."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, name: str) -> float:
        """Take one call; 0.0 if it was there, else the seconds until the next one is."""
        now = self.clock()
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._open(name, now)
        bucket.tokens = min(float(self.per_minute), bucket.tokens + (now - bucket.at) * self.per_minute / 60)
        bucket.at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) * 60 / self.per_minute
        bucket.tokens -= 1
        return 0.0

    def _open(self, name: str, now: float) -> _Bucket:
        if len(self._buckets) >= _MOST_BUCKETS:  # the longest silent ones are full again anyway
            for old in sorted(self._buckets, key=lambda one: self._buckets[one].at)[: _MOST_BUCKETS // 2]:
                del self._buckets[old]
        return self._buckets.setdefault(name, _Bucket(float(self.per_minute), now))
