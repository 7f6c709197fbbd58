"""Calls per second and app key, across shops (API section 5)."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.quota import Quota

LIST = "bg.order.list.v2.get"


class Ticks:
    """A monotonic clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@given(rate=st.integers(1, 50), pauses=st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200))
def test_no_span_of_time_holds_more_calls_than_one_burst_and_the_rate(rate: int, pauses: list[float]) -> None:
    ticks = Ticks()
    quota = Quota(rate, clock=ticks)
    allowed: list[float] = []
    for pause in pauses:
        ticks.now += pause
        if quota.allows("key"):
            allowed.append(ticks.now)
    for first in range(len(allowed)):
        span = allowed[-1] - allowed[first]
        assert len(allowed) - first <= rate + span * rate + 1e-6


def test_waiting_refills_the_bucket_and_keys_do_not_share_one() -> None:
    ticks = Ticks()
    quota = Quota(2, {"fast": 5}, ticks)
    assert [quota.allows("slow") for _ in range(3)] == [True, True, False]
    assert [quota.allows("fast") for _ in range(6)] == [True] * 5 + [False]
    ticks.now += 0.5
    assert [quota.allows("slow"), quota.allows("slow")] == [True, False]


def test_shops_of_one_app_key_share_its_quota(open_gateway: Any, seller_of: Any) -> None:
    gateway = open_gateway(days=2, quota=3)
    german, british, american = (seller_of(gateway, number) for number in (1, 2, 0))
    assert german.call(LIST)
    assert british.call(LIST)
    assert german.call(LIST)
    envelope = british.send(british.body(LIST))
    assert envelope["errorCode"] == 4000004
    assert envelope["errorMsg"] == "too frequent requests, exceeding rate limit."
    assert american.call(LIST)


def test_a_refused_call_costs_nothing(open_gateway: Any, seller_of: Any) -> None:
    seller = seller_of(open_gateway(days=2, quota=1))
    for _ in range(5):
        assert seller.refusal(LIST, secret="wrong") == 3000001
    assert seller.call(LIST)


def test_the_quota_of_one_key_can_be_overridden(open_gateway: Any, seller_of: Any) -> None:
    gateway = open_gateway(days=2, quota=1)
    seller = seller_of(gateway)
    gateway.sandbox.quota.set(gateway.sandbox.tokens.credentials(seller.shop).app_key, 4)
    assert all(seller.call(LIST) for _ in range(4))
    assert seller.refusal(LIST) == 4000004
