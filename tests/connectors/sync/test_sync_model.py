"""Orders against a dictionary: whatever happens between platform and reader, in any order, the rows are what it says.

Hypothesis plays platform, operator and trouble. `OMNI_TEST_THOROUGH=1` plays many more and longer games.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.errors import OmniError
from connectors.records import Window
from connectors.sandbox.world.lifecycle import Event, Kind, Order, state_at
from connectors.sync import SyncFailure, refresh_orders
from connectors.temu.streams import ORDER_LIST
from tests.connectors.sync.test_replay import NarrowOrder, model_for_a_while, replay_all
from tests.thorough import cases

pytestmark = pytest.mark.thorough

State = tuple[int, int]
"""Update time in epoch seconds, and status."""
NEXT = {Kind.PLACED: Kind.CONFIRMED, Kind.CONFIRMED: Kind.SHIPPED, Kind.SHIPPED: Kind.DELIVERED}
FAULTS = (
    "throttle", "system_error", "business_error", "http_502_html", "truncated_json", "connection_reset", "drift",
    "changed_total", "duplicate_rows", "retyped_field", "unknown_fields", "absent_nulls", "clock_skew",
)  # fmt: skip
EMPTY = """
    truncate raw_temu.orders, raw_temu.order_versions, ops.watermarks, ops.dead_letters, ops.lateness, ops.sync_tasks
        cascade
"""


class Killed(BaseException):
    """The process ends here."""


HANG_UP = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
"""The connections of a process end with it, and with them its locks; ours lives on."""


@dataclass
class Platform:
    """One shop of the sandbox whose orders are placed and changed by hand; `states` is all that it ever said."""

    gateway: Any

    def __post_init__(self) -> None:
        self.shop = self.gateway.sandbox.world.shops[0]
        self.template = next(iter(self.shop.book.by_sn.values()))
        self.shop._next_day = 10**6  # nobody else orders any more
        self.states: dict[str, list[State]] = {}
        self.start()

    def start(self) -> None:
        """No orders, no faults, a second later than anything before."""
        self.gateway.faults()
        self.gateway.advance(seconds=1)
        self.shop.book.__init__()
        self.shop.book.advance(self.now)
        self.states.clear()

    @property
    def now(self) -> int:
        return self.gateway.sandbox.now()

    def place(self) -> None:
        number = len(self.states) + 1
        sn, line = f"PO-211-{self.now:012}{number:05}", self.template.lines[0]
        lines = (replace(line, order_sn=f"211-{self.now:012}{number:05}"),)
        events = (Event(self.now, Kind.PLACED, (0,)),)
        self.shop.book.add([Order(sn, lines, events, (), None, self.now)])
        self.shop.book.advance(self.now)
        self._note(sn)

    def change(self, sn: str, kind: Kind | None = None) -> None:
        """Its next step, or this one; what is over stays as it is, and only its time moves."""
        order = self.shop.book.by_sn[sn]
        step = kind or NEXT.get(order.events[-1].kind, Kind.CASE)
        if order.events[-1].kind in (Kind.CANCELED, Kind.DELIVERED):
            step = Kind.CASE
        order.events += (Event(self.now, step, () if step is Kind.CASE else (0,)),)
        order.times.append(self.now)
        self.shop.book.touch(sn, self.now)
        self._note(sn)

    def notice_drift(self) -> None:
        """A gateway with that fault has moved orders by itself."""
        for sn, states in self.states.items():
            if self.shop.book.updated_at(self.shop.book.by_sn[sn]) != states[-1][0]:
                self._note(sn)

    def current(self) -> dict[str, State]:
        return {sn: states[-1] for sn, states in self.states.items()}

    def _note(self, sn: str) -> None:
        order = self.shop.book.by_sn[sn]
        at = self.shop.book.updated_at(order)
        self.states.setdefault(sn, []).append((at, state_at(order, self.now).status))


class Game(RuleBasedStateMachine):
    """`desk` and `platform` are shared by all games; each begins with empty tables."""

    desk: Any
    platform: Platform

    @initialize()
    def begin(self) -> None:
        self.platform.start()
        self.desk.execute(EMPTY)
        self.seen: dict[str, int] = {}
        self.platform.place()

    @rule(count=st.integers(1, 4))
    def orders_come(self, count: int) -> None:
        for _ in range(count):
            self.platform.place()

    @rule(data=st.data(), canceled=st.booleans())
    def an_order_changes(self, data: st.DataObject, canceled: bool) -> None:
        self.platform.change(data.draw(self._an_order()), Kind.CANCELED if canceled else None)

    @rule(seconds=st.sampled_from([1, 2, 60, 1800, 1801, 40_000]))
    def time_passes(self, seconds: int) -> None:
        self.platform.gateway.advance(seconds=seconds)

    @rule(kind=st.sampled_from(FAULTS), count=st.integers(1, 3), after=st.integers(0, 3))
    def trouble_is_near(self, kind: str, count: int, after: int) -> None:
        self.platform.gateway.faults({"kind": kind, "count": count, "after": after})

    @rule()
    def news_are_read(self) -> None:
        self._quietly(lambda: self.desk.sync(streams=["orders"]))

    @rule(back=st.integers(0, 50_000), length=st.integers(1, 50_000))
    def a_window_is_read_again(self, back: int, length: int) -> None:
        start = datetime.fromtimestamp(self.platform.now - back, UTC)
        window = Window(start, start + timedelta(seconds=length))
        self._quietly(lambda: self.desk.sync(streams=["orders"], window=window))

    @rule(data=st.data())
    def an_order_is_refreshed(self, data: st.DataObject) -> None:
        sn, shop = data.draw(self._an_order()), self.desk.shops[0]
        with_answers = {"settings": self.desk.settings, "temu_shop_id": shop.temu_shop_id, "run_id": "hook"}
        self._quietly(lambda: refresh_orders(self.desk.url, parent_order_sns=[sn], **with_answers))

    @rule(statements=st.integers(1, 14))
    def a_reading_is_killed(self, statements: int) -> None:
        execute, left = psycopg.AsyncCursor.execute, statements

        async def dying(cursor: psycopg.AsyncCursor, *args: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left <= 0:
                raise Killed
            return await execute(cursor, *args, **options)

        psycopg.AsyncCursor.execute = dying
        try:
            self._quietly(lambda: self.desk.sync(streams=["orders"]))
        finally:
            psycopg.AsyncCursor.execute = execute
            self.desk.execute(HANG_UP)

    @rule()
    def a_release_that_cannot_read_shipped_orders_reads_news(self) -> None:
        with model_for_a_while(ORDER_LIST.entity, NarrowOrder):
            self._quietly(lambda: self.desk.sync(streams=["orders"]))

    @rule()
    def letters_are_read_once_more(self) -> None:
        replay_all(self.desk, follow=False)

    @precondition(lambda self: hasattr(self, "seen"))
    @invariant()
    def every_row_is_a_state_that_the_platform_had_and_none_goes_back(self) -> None:
        rows = self._rows()
        for sn, (at, status) in rows.items():
            assert (at, status) in self.platform.states[sn]
            assert at >= self.seen.get(sn, 0)
        assert self.seen.keys() <= rows.keys()
        self.seen = {sn: at for sn, (at, _) in rows.items()}

    @precondition(lambda self: hasattr(self, "seen"))
    @invariant()
    def the_watermark_is_never_past_something_unread(self) -> None:
        rows, letters = self._rows(), self._letters()
        for (mark,) in self.desk.query("select extract(epoch from watermark)::bigint from ops.watermarks"):
            unread = {
                sn: at for sn, (at, _) in self.platform.current().items() if at <= mark and rows.get(sn, (0,))[0] < at
            }
            assert unread.keys() <= letters

    def teardown(self) -> None:
        """Without further trouble, one reading of news brings everything but what waits as a letter; a replay and a
        reading of the whole time bring that."""
        if not hasattr(self, "seen"):
            return
        self.platform.gateway.faults()
        self.platform.gateway.advance(seconds=1)
        assert not any(isinstance(one, SyncFailure) for one in self.desk.sync(streams=["orders"]))
        replay_all(self.desk, follow=False)
        current, rows, letters = self.platform.current(), self._rows(), self._letters()
        assert {sn: rows.get(sn) for sn in current.keys() - letters} == {
            sn: current[sn] for sn in current.keys() - letters
        }
        now = datetime.fromtimestamp(self.platform.now, UTC)
        self.desk.sync(streams=["orders"], window=Window(now - timedelta(days=30), now))
        assert self._rows() == current
        doubled = "select parent_order_sn, source_updated_at from raw_temu.order_versions group by 1, 2, payload_hash"
        assert self.desk.query(f"{doubled} having count(*) > 1") == []

    def _an_order(self) -> st.SearchStrategy[str]:
        return st.sampled_from(sorted(self.platform.states))

    def _quietly(self, work: Callable[[], object]) -> None:
        """Trouble ends a reading; what it leaves behind is judged by the invariants."""
        with suppress(OmniError, Killed):
            work()
        self.platform.notice_drift()

    def _rows(self) -> dict[str, State]:
        query = "select parent_order_sn, extract(epoch from source_updated_at)::bigint, status from raw_temu.orders"
        return {sn: (int(at), status) for sn, at, status in self.desk.query(query)}

    def _letters(self) -> set[str]:
        """Orders that wait as dead letters; a key of another type does not hide whose they are."""
        texts = self.desk.query("select payload from ops.dead_letters where resolved_at is null")
        return {"PO-" + json.loads(text)["orderList"][0]["orderSn"] for (text,) in texts}


def test_whatever_happens_the_orders_are_those_of_the_platform(open_desk, gateway) -> None:
    Game.desk, Game.platform = open_desk(only=1), Platform(gateway)
    options = settings(
        max_examples=cases(5, 150), stateful_step_count=cases(12, 30), deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Game, settings=options)
