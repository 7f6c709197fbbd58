"""However a span of time is cut into windows, in whatever order and however often they are read: the same tables.

A run of the suite tries some ways, `OMNI_TEST_THOROUGH=1` many more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.records import Window
from connectors.sync import SyncFailure
from connectors.temu.streams import ORDER_LIST
from tests.thorough import cases

pytestmark = pytest.mark.thorough
STREAMS = ["orders", "after_sales", "order_amounts", "shipments"]
"""What is read by windows: lists, and answers about what they brought."""
SPAN = 4 * 86_400
EMPTY = """
    truncate raw_temu.orders, raw_temu.order_versions, raw_temu.order_amounts, raw_temu.shipments,
        raw_temu.after_sales, raw_temu.after_sales_details, ops.sync_tasks, ops.lateness, ops.unanswered cascade
"""


@pytest.fixture
def world() -> dict[str, float]:
    """Small, and old enough for some cases of after-sales."""
    return {"days": 3, "orders_per_day": 3}


@st.composite
def readings(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Windows that cover the span, in seconds since its start: cut anywhere, shuffled, some of them read again."""
    cuts = sorted({0, SPAN, *draw(st.lists(st.integers(1, SPAN - 1), max_size=5))})
    parts = list(pairwise(cuts))
    again = draw(st.lists(st.sampled_from(parts), max_size=2))
    return draw(st.permutations([*parts, *again]))


def test_any_split_in_any_order_with_any_repetition_gives_the_same_tables(open_desk, gateway, monkeypatch) -> None:
    monkeypatch.setitem(vars(ORDER_LIST), "page_size", 4)  # so that windows are split by themselves, too
    monkeypatch.setitem(vars(ORDER_LIST), "leaf_rows", 8)
    now = datetime.fromtimestamp(gateway.sandbox.now(), UTC)
    start = now - timedelta(seconds=SPAN)
    pieces, whole = open_desk(only=1), open_desk(only=1)
    whole.sync(streams=STREAMS, window=Window(start, now))
    expected = whole.contents()
    assert all(expected[table] for table in ("orders", "order_amounts", "shipments"))

    @settings(max_examples=cases(6, 300), deadline=None, suppress_health_check=list(HealthCheck))
    @given(windows=readings())
    def any_way(windows: list[tuple[int, int]]) -> None:
        pieces.execute(EMPTY)
        for first, last in windows:
            window = Window(start + timedelta(seconds=first), start + timedelta(seconds=last))
            pieces.sync(streams=STREAMS, window=window)
        assert [one for one in pieces.events if isinstance(one, SyncFailure)] == []
        assert pieces.contents() == expected

    any_way()
