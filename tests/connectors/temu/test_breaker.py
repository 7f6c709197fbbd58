"""The circuit breaker of a shop as a state machine, beside a model that counts by hand."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from connectors.errors import ShopAuthError, ShopSuspendedError, ThrottledError, TransientError
from connectors.temu.breaker import Breakers, CircuitBreaker
from connectors.temu.errors import ClockSkewError, NotReadyError

FAILURES, REST = 3, 60.0
OUTCOMES = [TransientError, ThrottledError, NotReadyError, ClockSkewError, ShopAuthError]


class Shop(RuleBasedStateMachine):
    """Calls of every outcome, and time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = CircuitBreaker("Acme US", failures=FAILURES, rest_seconds=REST, clock=lambda: self.now)
        self.in_a_row = 0
        self.opened_at: float | None = None

    @property
    def refuses(self) -> bool:
        return self.opened_at is not None and self.now - self.opened_at < REST

    @rule(seconds=st.sampled_from([1.0, 30.0, 59.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(outcome=st.sampled_from([None, *OUTCOMES]))
    def call(self, outcome: type[Exception] | None) -> None:
        refused = self.refuses
        try:
            with self.breaker.call():
                if outcome:
                    raise outcome("no")
        except ShopSuspendedError:
            assert refused
            return
        except tuple(OUTCOMES):
            pass
        assert not refused
        if outcome is TransientError:
            self.in_a_row += 1
            self.opened_at = self.now if self.in_a_row >= FAILURES else None
        elif outcome in (None, NotReadyError, ShopAuthError):
            self.in_a_row, self.opened_at = 0, None

    @invariant()
    def agrees(self) -> None:
        assert self.breaker.is_open is self.refuses


TestBreaker = Shop.TestCase


async def test_half_open_lets_one_call_through_and_refuses_the_others_meanwhile() -> None:
    now = [0.0]
    breaker = CircuitBreaker("Acme US", failures=1, rest_seconds=REST, clock=lambda: now[0])
    with pytest.raises(TransientError), breaker.call():
        raise TransientError("down")
    now[0] = REST + 1
    reached, go = asyncio.Event(), asyncio.Event()

    async def probe() -> None:
        with breaker.call():
            reached.set()
            await go.wait()

    first = asyncio.create_task(probe())
    await reached.wait()
    with pytest.raises(ShopSuspendedError), breaker.call():
        pytest.fail("a second call went through")
    go.set()
    await first
    with breaker.call():
        pass


async def test_a_cancelled_probe_makes_room_for_the_next() -> None:
    now = [0.0]
    breaker = CircuitBreaker("Acme US", failures=1, rest_seconds=REST, clock=lambda: now[0])
    with pytest.raises(TransientError), breaker.call():
        raise TransientError("down")
    now[0] = REST + 1

    async def probe() -> None:
        with breaker.call():
            await asyncio.sleep(60)

    task = asyncio.create_task(probe())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with breaker.call():
        pass


def test_each_shop_has_its_own_breaker_and_keeps_it() -> None:
    breakers = Breakers(failures=1, rest_seconds=REST)
    with pytest.raises(TransientError), breakers.of((1, "US"), "Acme US").call():
        raise TransientError("down")
    assert breakers.of((1, "US"), "Acme US").is_open
    assert not breakers.of((2, "EU"), "Nova EU").is_open
    assert not breakers.of((1, "PARTNER"), "Acme US").is_open
