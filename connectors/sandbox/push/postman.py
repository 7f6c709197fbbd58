"""Delivers events to a callback address until it is taken or given up: retries, duplicates, wrong order, forgeries.

Belongs here: the waiting deliveries of one subscription. Times here are real seconds; only what an event says is in
the world's time. Retries follow API section 16.4, on a clock that can be scaled.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

import httpx

from connectors.sandbox.push.events import Message, messages_between
from connectors.sandbox.push.sealing import delivery
from connectors.sandbox.push.subscription import BadSubscriptionError, Subscription
from connectors.sandbox.sandbox import Sandbox

RETRY_AFTER = (120, 600, 1800, 3600, 3600, 3600, 43_200, 43_200)


@dataclass(order=True, slots=True)
class _Attempt:
    due: float
    number: int
    message: Message = field(compare=False)
    tries: int = field(compare=False, default=0)
    forged: bool = field(compare=False, default=False)


class Postman:
    """Carries the events of one sandbox. `run` is its task; `deliver_now` does not wait."""

    def __init__(self, sandbox: Sandbox, http: httpx.AsyncClient | None = None) -> None:
        self._sandbox = sandbox
        self._http = http or httpx.AsyncClient()
        self._dice = Random(sandbox.state.seed)
        self._numbers = itertools.count()
        self._waiting: list[_Attempt] = []
        self._told_until = 0
        self.subscription: Subscription | None = None
        self.counts: Counter[str] = Counter()

    def subscribe(self, subscription: Subscription | None) -> None:
        """Send what happens from now on; None ends it, and what waits is forgotten."""
        self.subscription = subscription
        self._told_until = self._sandbox.now()
        self._waiting.clear()

    def as_json(self) -> dict[str, Any]:
        """The subscription and what became of its deliveries."""
        wanted = asdict(self.subscription) if self.subscription else None
        return {"subscription": wanted, "counts": dict(self.counts), "waiting": len(self._waiting)}

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            subscription = self.subscription
            if subscription is not None:
                self.collect()
                await self.deliver_due(time.monotonic())
            await asyncio.sleep(subscription.poll_seconds if subscription else 1.0)

    def collect(self) -> int:
        """Put what has happened since the last look among the waiting; returns how many events that were."""
        now = self._sandbox.now()
        messages = messages_between(self._sandbox.world, self._told_until, now)
        self._told_until = now
        wanted = [message for message in messages if self._is_wanted(message)]
        self.post(wanted)
        return len(wanted)

    def post(self, messages: Sequence[Message]) -> None:
        """Let these wait, with the subscription's troubles."""
        subscription = self.subscription
        if subscription is None:
            raise BadSubscriptionError("there is no subscription: PUT /sandbox/webhooks/subscription first")
        for message in messages:
            self.counts["events"] += 1
            if self._dice.random() < subscription.drop:
                self.counts["dropped"] += 1
                continue
            self._push(message)
            if self._dice.random() < subscription.duplicates:
                self.counts["duplicates"] += 1
                self._push(message)
            if self._dice.random() < subscription.forge:
                self._push(message, forged=True)

    async def deliver_due(self, now: float) -> None:
        """Send every delivery whose time has come; one that is not taken waits for its next try."""
        due: list[_Attempt] = []
        while self._waiting and self._waiting[0].due <= now:
            due.append(heapq.heappop(self._waiting))
        for attempt in due:
            await self._try(attempt, now)

    async def deliver_now(self) -> None:
        """Send whatever waits, due or not."""
        waiting, self._waiting = self._waiting, []
        for attempt in waiting:
            await self._try(attempt, time.monotonic())

    def _push(self, message: Message, *, forged: bool = False) -> None:
        delay = self._dice.random() * (self.subscription.reorder_seconds if self.subscription else 0.0)
        heapq.heappush(self._waiting, _Attempt(time.monotonic() + delay, next(self._numbers), message, forged=forged))

    async def _try(self, attempt: _Attempt, now: float) -> None:
        subscription = self.subscription
        if subscription is None:
            return
        taken = await self._send(subscription, attempt)
        if attempt.forged:
            self.counts["forged taken" if taken else "forged refused"] += 1
        elif taken:
            self.counts["taken"] += 1
        elif attempt.tries < len(RETRY_AFTER):
            self.counts["retries"] += 1
            due = now + RETRY_AFTER[attempt.tries] * subscription.retry_scale
            again = _Attempt(due, next(self._numbers), attempt.message, attempt.tries + 1)
            heapq.heappush(self._waiting, again)
        else:
            self.counts["given up"] += 1

    async def _send(self, subscription: Subscription, attempt: _Attempt) -> bool:
        key, secret = self._sandbox.tokens.apps[attempt.message.gateway]
        headers, body = delivery(
            attempt.message.code,
            attempt.message.body,
            app_key=key,
            secret=f"{secret[:16]}-forged" if attempt.forged else secret,
            sent_at_ms=int(time.time() * 1000),
            form=self._dice.choice(subscription.forms),
        )
        try:
            answer = await self._http.post(
                subscription.url, content=body, headers=headers, timeout=subscription.answer_seconds
            )
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def _is_wanted(self, message: Message) -> bool:
        """A shop that never chose its events gets all of them."""
        chosen = self._sandbox.state.events.get(str(message.mall_id))
        return chosen is None or message.code in chosen
