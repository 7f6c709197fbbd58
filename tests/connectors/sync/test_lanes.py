"""Which lane of its app key's quota each kind of reading uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.postgres.lanes import Lane
from connectors.records import Window
from connectors.sync import recount, refresh_orders, watch_deadlines
from tests.connectors.sync.conftest import NOW, Desk

END = datetime.fromtimestamp(NOW, UTC).replace(hour=0, minute=0, second=0)


def _lanes_used(desk: Desk) -> set[str]:
    """Lanes in which slots were given out since the last question."""
    found = {str(lane) for (lane,) in desk.query("select jsonb_object_keys(lane_served) from ops.app_quota")}
    desk.execute("update ops.app_quota set lane_served = '{}'")
    return found


def _live(desk: Desk) -> None:
    desk.sync(streams=["orders"])


def _window(desk: Desk) -> None:
    desk.sync(streams=["orders"], window=Window(END - timedelta(days=1), END))


def _nightly(desk: Desk) -> None:
    desk.sync(streams=["orders"], window=Window(END - timedelta(days=1), END), lane=Lane.RECONCILE)


def _recount(desk: Desk) -> None:
    recount(desk.url, settings=desk.settings, shops=None, first=None, last=None, run_id="count")


def _refresh(desk: Desk) -> None:
    refresh_orders(
        desk.url,
        settings=desk.settings,
        temu_shop_id=desk.shops[0].temu_shop_id,
        parent_order_sns=["PO-211-1"],
        run_id="event",
    )


def _ship_by_watch(desk: Desk) -> None:
    watch_deadlines(desk.url, settings=desk.settings, temu_shop_id=desk.shops[0].temu_shop_id, run_id="watch", most=10)


@pytest.mark.parametrize(
    ("work", "lane"),
    [
        (_live, "live"),
        (_refresh, "live"),
        (_ship_by_watch, "ship_by"),
        (_nightly, "reconcile"),
        (_recount, "reconcile"),
        (_window, "backfill"),
    ],
)
def test_news_go_before_deadlines_those_before_counts_and_counts_before_a_backfill(desk: Desk, work, lane: str) -> None:
    work(desk)
    assert _lanes_used(desk) == {lane}
