"""After-sales cases of closed days counted by the platform: what is missing is found with all that hangs on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.completeness.days import business_day, window_of_business_day
from connectors.sync import DayCount, NotCounted, recount


@pytest.fixture(scope="module")
def world() -> dict[str, float]:
    """Long enough for cases to be opened."""
    return {"days": 30, "orders_per_day": 5}


def _cases(desk, **choice: object) -> list[DayCount | NotCounted]:
    asked = {"shops": None, "first": None, "last": None, "run_id": "recount-1", **choice}
    return [one for one in recount(desk.url, settings=desk.settings, **asked) if one.stream == "after_sales"]


def test_lost_cases_are_found_again_with_their_refunds_their_lines_and_the_money_of_their_orders(
    open_desk, gateway
) -> None:
    desk, whole = open_desk(only=1), open_desk(only=1)
    read = ["orders", "after_sales", "order_amounts", "after_sales_lines", "return_parcels"]
    for one in (desk, whole):
        one.sync(streams=read)
    assert {one.gap for one in _cases(desk)} == {0}
    today = window_of_business_day(business_day(datetime.fromtimestamp(gateway.sandbox.now(), UTC))).start
    query = "select parent_after_sales_sn, parent_order_sn, created_at from raw_temu.after_sales where created_at < %s"
    sn, order, opened = max(desk.query(query, today), key=lambda row: row[2])
    day = business_day(opened)
    for table in ("after_sales", "after_sales_details", "after_sales_lines", "return_parcels"):
        desk.execute(f"delete from raw_temu.{table} where parent_after_sales_sn = %s", sn)
    desk.execute("update raw_temu.order_amounts set source_updated_at = '2020-01-01' where parent_order_sn = %s", order)
    found = {one.day: one.found for one in _cases(desk, first=day, last=day)}
    assert found == {day: 1}
    for table in ("after_sales", "after_sales_details", "after_sales_lines", "return_parcels", "order_amounts"):
        assert desk.contents()[table] == whole.contents()[table]
    [told] = desk.query("select item_key, status from ops.sync_logs where stream = 'after_sales'")
    assert told == (sn, "ok")


def test_a_shop_that_may_not_list_its_cases_has_its_orders_counted_all_the_same(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    desk.sync(streams=["orders", "after_sales"])
    gateway.faults({"kind": "no_api_access", "type": "bg.aftersales.parentaftersales.list.get"})
    outcomes = recount(desk.url, settings=desk.settings, shops=None, first=None, last=None, run_id="recount-1")
    [refused] = [one for one in outcomes if one.stream == "after_sales"]
    assert isinstance(refused, NotCounted)
    assert "after_sales are not counted" in str(refused)
    assert {one.gap for one in outcomes if one.stream == "orders"} == {0}
    query = "select status, calls > 0, skipped from ops.sync_tasks where (stream, mode) = ('after_sales', 'recount')"
    assert desk.query(query) == [("completed", True, refused.cause)]
