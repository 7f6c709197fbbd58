"""Closed days counted by the platform: what is missing is found, landed with its money, and told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.completeness.days import business_day, window_of_business_day
from connectors.errors import ConfigurationError, ShopAuthError
from connectors.sync import DayCount, SyncFailure, quote_recount, recount
from connectors.temu.client import TemuClient


def _recount(desk, of: str = "orders", **choice: object) -> list[DayCount | SyncFailure]:
    """What became of one of the counted streams."""
    asked = {"shops": None, "first": None, "last": None, "run_id": "recount-1", **choice}
    return [one for one in recount(desk.url, settings=desk.settings, **asked) if one.stream == of]


def _today(gateway) -> date:
    return business_day(datetime.fromtimestamp(gateway.sandbox.now(), UTC))


def _lose(desk, *sns: str) -> None:
    for table in ("orders", "order_amounts", "order_details", "shipments"):
        desk.execute(f"delete from raw_temu.{table} where parent_order_sn = any(%s)", list(sns))


def _sns_of_day(desk, day: date) -> list[str]:
    window = window_of_business_day(day)
    query = "select parent_order_sn from raw_temu.orders where order_time >= %s and order_time < %s order by 1"
    return [sn for (sn,) in desk.query(query, window.start, window.end)]


def test_after_a_whole_sync_every_closed_day_agrees_and_only_counts_are_asked_for(desk, gateway) -> None:
    desk.sync(streams=["orders", "after_sales"])
    before = desk.contents()
    counts = recount(desk.url, settings=desk.settings, shops=None, first=None, last=None, run_id="recount-1")
    assert {one.unexplained for one in counts} == {0}
    assert sum(one.reported for one in counts if one.stream == "orders") > 0
    assert max(one.day for one in counts) == _today(gateway) - timedelta(days=1)
    assert desk.contents() == before
    tasks = desk.query(
        "select stream, status, rows_read, calls - retries from ops.sync_tasks where mode = 'recount' order by 1"
    )
    days = len({one.day for one in counts})
    asked = {"after_sales": days, "orders": days + 1}  # and once for the clock
    assert tasks == [(stream, "completed", 0, calls) for stream, calls in asked.items() for _shop in desk.shops]
    stored = desk.query("select shop_id, stream, day, reported from ops.platform_counts order by 1, 2, 3")
    assert stored == sorted((one.shop_id, one.stream, one.day, one.reported) for one in counts)


def test_lost_orders_are_found_again_with_their_money_and_the_watermark_stays(open_desk, gateway) -> None:
    desk, whole = open_desk(only=1), open_desk(only=1)
    for one in (desk, whole):
        one.sync(streams=["orders", "order_amounts", "shipments", "order_details"])
    marks = desk.query("select stream, watermark from ops.watermarks order by 1")
    day = _today(gateway) - timedelta(days=2)
    lost = _sns_of_day(desk, day)[:3]
    assert lost
    _lose(desk, *lost)
    found = {one.day: one.found for one in _recount(desk)}
    assert found.pop(day) == len(lost)
    assert set(found.values()) == {0}
    for table in ("orders", "order_versions", "order_amounts", "shipments", "order_details"):
        assert desk.contents()[table] == whole.contents()[table]
    assert desk.query("select stream, watermark from ops.watermarks order by 1") == marks
    query = "select id, status, rows_inserted from ops.sync_tasks where mode = 'recount' and rows_read > 0"
    [(task, status, rows)] = desk.query(query)
    assert (status, rows) == ("completed", len(lost))
    told = desk.query("select item_key, status from ops.sync_logs where task_id = %s order by 1", task)
    assert told == [(sn, "ok") for sn in lost]


def test_without_mending_the_gap_is_told_and_nothing_is_read(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    desk.sync(streams=["orders"])
    day = _today(gateway) - timedelta(days=1)
    _lose(desk, *_sns_of_day(desk, day)[:2])
    [told] = _recount(desk, first=day, last=day, mend=False)
    assert (told.gap, told.unexplained, told.found) == (2, 2, 0)
    assert "2 unexplained" in str(told)


def test_an_order_that_cannot_be_typed_explains_the_gap_as_set_aside(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    desk.sync(streams=["orders"])
    day = _today(gateway) - timedelta(days=1)
    _lose(desk, _sns_of_day(desk, day)[0])
    newest = max(
        desk.query(
            "select order_time, parent_order_sn from raw_temu.orders where order_time < %s",
            window_of_business_day(day).end,
        )
    )[1]
    _lose(desk, newest)
    gateway.faults({"kind": "retyped_field", "type": "bg.order.list.v2.get", "after": 1, "count": 1})
    [told] = _recount(desk, first=day, last=day)
    assert (told.gap, told.set_aside, told.unexplained) == (1, 1, 0)
    gateway.faults()
    [again] = _recount(desk, first=day, last=day)
    assert (again.gap, again.unexplained, again.found) == (0, 0, 1)


def test_an_order_that_the_platform_no_longer_counts_is_an_unexplained_surplus(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    desk.sync(streams=["orders"])
    day = _today(gateway) - timedelta(days=1)
    desk.execute(
        'insert into raw_temu.orders select (jsonb_populate_record(o, \'{"parent_order_sn": "PO-000-1"}\')).*'
        " from raw_temu.orders o where parent_order_sn = %s",
        _sns_of_day(desk, day)[0],
    )
    [told] = _recount(desk, first=day, last=day)
    assert (told.gap, told.unexplained) == (-1, 1)


def test_a_shop_that_cannot_be_asked_is_named_and_the_others_are_counted(open_desk, gateway) -> None:
    desk = open_desk(only=2)
    desk.sync(streams=["orders"])
    gateway.faults({"kind": "token_expired", "shop": desk.shops[0].temu_shop_id})
    outcomes = _recount(desk)
    [failure] = [one for one in outcomes if isinstance(one, SyncFailure)]
    assert isinstance(failure.error, ShopAuthError)
    assert (failure.shop_name, failure.mode) == (desk.shops[0].shop_name, "recount")
    [failed] = desk.query(
        "select shop_id, error_class from ops.sync_tasks where mode = 'recount' and status = 'failed'"
    )
    assert failed == (desk.shops[0].id, "ShopAuthError")
    assert {one.shop_id for one in outcomes if isinstance(one, DayCount)} == {desk.shops[1].id}


def test_a_day_that_is_not_over_is_refused_and_reversed_days_too(open_desk, gateway) -> None:
    desk = open_desk(only=1)
    today = _today(gateway)
    [failure] = _recount(desk, first=today, last=today)
    assert isinstance(failure.error, ConfigurationError)
    assert "not over" in failure.message
    with pytest.raises(ConfigurationError, match="swap"):
        _recount(desk, first=today, last=today - timedelta(days=1))


def test_the_quote_is_what_counting_really_costs(open_desk, gateway, monkeypatch) -> None:
    desk = open_desk(only=1)
    desk.execute("update ops.app_quota set calls_per_second = 20")
    desk.sync(streams=["orders", "after_sales"])
    first, last = _today(gateway) - timedelta(days=3), _today(gateway) - timedelta(days=1)
    [quote] = quote_recount(desk.url, settings=desk.settings, shops=None, first=first, last=last)
    sent = []
    post = TemuClient._post
    monkeypatch.setattr(TemuClient, "_post", lambda *args: sent.append(args) or post(*args))
    _recount(desk, first=first, last=last)
    assert (quote.days, quote.calls, quote.seconds) == (3, 7, 0.3)  # (7 / 20 = 0.35, to the even digit)
    assert len(sent) == quote.calls + 1  # the first is repeated with the clock that it has learnt


def test_the_quote_counts_the_days_that_would_be_counted(open_desk) -> None:
    desk, yesterday = open_desk(only=1), business_day(datetime.now(UTC) - timedelta(days=1))

    def days(first: date | None, last: date | None) -> int:
        [quote] = quote_recount(desk.url, settings=desk.settings, shops=None, first=first, last=last)
        return quote.days

    assert days(None, None) == desk.settings.recount_days
    assert days(yesterday - timedelta(days=29), None) in (29, 30), "up to yesterday, unless it has not settled yet"
    with pytest.raises(ConfigurationError, match="swap"):
        days(yesterday, yesterday - timedelta(days=1))
    with pytest.raises(ConfigurationError, match="not over"):
        days(yesterday + timedelta(days=2), None)


@pytest.fixture
def converging(open_desk):
    """A desk with one shop, whole."""
    desk = open_desk(only=1)
    desk.sync(streams=["orders"])
    return desk


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_lost_recount_and_mending_converge_in_one_round(converging, gateway, data) -> None:
    desk, midnight = converging, window_of_business_day(_today(gateway)).start
    query = "select parent_order_sn, payload from raw_temu.orders where order_time < %s order by 1"
    whole = desk.query(query, midnight)
    sns = [sn for sn, _ in whole]
    _lose(desk, *data.draw(st.lists(st.sampled_from(sns), unique=True, max_size=len(sns))))
    assert {one.gap for one in _recount(desk)} == {0}
    assert desk.query(query, midnight) == whole
    assert {(one.gap, one.found) for one in _recount(desk)} == {(0, 0)}
