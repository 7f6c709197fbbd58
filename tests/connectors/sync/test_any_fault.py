"""Any single fault that a shop on a router can meet strikes some calls of a sync: once it is over, all tables are those
of a reader who met none.

Whatever stops a shop or a call is over with the next live reading. What spoils contents, or hides orders, is over once
the window is read whole again, as it is every night.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.records import Window
from connectors.sandbox.faults import DELAYS, DISTORTIONS, KINDS, STATUSES
from connectors.sync import SyncFailure
from connectors.temu import bill_files
from connectors.temu.streams import ORDER_LIST, STREAMS

FEW, OFTEN = {"rate": 0.15}, {"rate": 0.3}
ONCE = {"after": 12, "count": 1}
"""After some streams have landed; the rest of the shop is stopped."""
HOW: dict[str, dict[str, Any]] = {
    **dict.fromkeys(KINDS, FEW),
    **dict.fromkeys(("token_expired", "token_revoked", "wrong_area", "ip_not_whitelisted"), ONCE),
    **dict.fromkeys(("no_api_access", "retyped_field", "unknown_status"), OFTEN),
    "amounts_calculating": {"rate": 0.5},
    "drift": {},
    "changed_total": {"rate": 0.5, "count": 4},
    "task_timeout": {"count": 1},
    "late_orders": {"rate": 0.5},
    "clock_skew": {"after": 3, "count": 8},
    "timeout": {"after": 5, "count": 2, "seconds": 3},
    "slow_body": {"rate": 0.1, "seconds": 0.2},
}
FAULTS = [
    *({"kind": kind, **HOW[kind]} for kind in KINDS),
    *({"kind": "no_api_access", "type": each} for each in ("temu.searchrec.ad.detail.query", "bg.order.amount.query")),
    *({"kind": "http_error", "status": status, **FEW} for status in STATUSES),
    *({"kind": "retyped_field", "field": field} for field in ("orderStatus", "updateTime", "skuId", "quantity")),
    *({"kind": "unknown_status", "field": field} for field in ("orderStatus", "parentOrderStatus")),
]
SPOILING = {*DISTORTIONS, *DELAYS} - {"task_timeout"}
CALM: dict[str, Any] = {}
"""What a reader who meets nothing finds: every gateway of this module has the same world, unless orders drift."""
SPAN = timedelta(days=4)
"""More than the world is old; reports of ads are read as far back."""
AD_REPORTS = ("ad_reports", "ad_goods_reports")


@pytest.fixture
def world() -> dict[str, float]:
    """Enough for several small pages, and no more: it is read a hundred times."""
    return {"days": 2, "orders_per_day": 8}


@pytest.fixture(autouse=True)
def _few_calls_and_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill_files, "WAITS", (0.001,) * 20)
    monkeypatch.setitem(vars(ORDER_LIST), "page_size", 3)
    for name in AD_REPORTS:
        monkeypatch.setitem(vars(STREAMS[name].reading), "reach", SPAN)
    for name in (*AD_REPORTS, "bill_files"):  # else a second reading tells of days before the first ones, too
        monkeypatch.setitem(vars(STREAMS[name].reading), "settle", timedelta(0))


def _read(desk: Any, **choice: object) -> None:
    """The shop on the EU gateway, which offers every stream that a router has."""
    desk.sync(shops=[desk.shops[1].shop_name], **choice)


def _of_a_calm_reader(open_desk: Any, fault: dict[str, Any]) -> dict[str, Any]:
    if not CALM or fault["kind"] == "drift":
        twin = open_desk(only=2)
        _read(twin)
        assert [one for one in twin.events if isinstance(one, SyncFailure)] == []
        if fault["kind"] == "drift":
            return twin.contents()
        CALM.update(twin.contents())
    return dict(CALM)


def _name(fault: dict[str, Any]) -> str:
    return "-".join(str(fault[part]) for part in ("kind", "type", "status", "field") if part in fault)


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
def test_when_a_fault_is_over_the_tables_are_as_if_it_had_never_been(open_desk, gateway, fault: dict[str, Any]) -> None:
    desk = open_desk(only=2)
    desk.settings = desk.settings.model_copy(update={"request_timeout_seconds": 2.0})
    gateway.faults(fault)
    _read(desk)
    [rule] = gateway.sandbox.faults.faults
    gateway.faults()
    assert rule.hits > 0
    if fault["kind"] == "drift":
        gateway.advance(seconds=1)  # orders have moved to this very second, which no window holds yet
    if fault["kind"] in SPOILING:
        now = datetime.fromtimestamp(gateway.sandbox.now(), UTC)
        _read(desk, window=Window(now - SPAN, now))
    desk.events.clear()
    _read(desk)
    assert [one for one in desk.events if isinstance(one, SyncFailure)] == []
    found, calm = desk.contents(), _of_a_calm_reader(open_desk, fault)
    assert len(calm["orders"]) > ORDER_LIST.page_size
    if fault["kind"] in SPOILING:  # what a state looked like before stays known
        del found["order_versions"], calm["order_versions"]
    assert {table: _differing(found[table], calm[table]) for table in found if found[table] != calm[table]} == {}


def _differing(found: list[Any], calm: list[Any]) -> dict[str, list[Any]]:
    return {
        "surplus": [row for row in found if row not in calm],
        "missing": [row for row in calm if row not in found],
    }
