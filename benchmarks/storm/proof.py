"""After the storm: is everything there, once, and as the gateway has it?

Belongs here: the comparisons; each names what is wrong. They trust nothing that the connector says of itself: orders
are compared with the sandbox's own world, everything else with what an undisturbed database reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import psycopg

from benchmarks.storm.stage import Stage
from connectors.completeness.ledger import Entry, unbalanced
from connectors.sandbox.operations.order_json import BOTH, page_item
from connectors.settings import Settings
from connectors.shops import Shop
from connectors.sync import DayCount, recount
from orchestration.transform.ledger_counts import read_ledger

COMPARED = (
    "orders", "after_sales", "after_sales_details", "order_amounts", "shipments", "cancellations", "after_sales_lines",
    "return_parcels", "tracking_events", "products", "supplier_prices", "sku_stocks", "goods", "activities",
    "activity_goods", "activity_candidates", "price_orders", "unshipped_packages", "carriers", "warehouses",
    "ad_details", "ad_reports", "ad_goods_reports", "bill_files",
)  # fmt: skip
UNDATED = {"cancellations", *COMPARED[6:]}
"""Without an update time of their own: theirs is the instant of the read."""
ASKED_ONCE = {"order_details": "shop_id, parent_order_sn"}
"""What is asked but once tells an order's state of that moment, in the storm an earlier one: keys are compared."""
DATED = {"supplier_prices", "sku_stocks", "ad_details"}
"""Kept for each day of reading; the calm has been read on the last one alone."""
REPORTS = {"ad_reports", "ad_goods_reports"}
"""Move for days after their own and are read again as long; older ones are as they were told then."""
PASSING = {"unshipped_packages", "activity_candidates", "bill_files"}
"""What is no longer listed, or lies too far back, stays as it was told last: the calm has never heard of some of it."""
STAGES = ("reported", "landed", "staged", "mart")
OF_SHIPPED = {"order_details", "shipments"}
"""Asked of shipped orders only: of one that was cancelled afterwards the storm has answers, the calm has none."""
STILL_SHIPPED = """
    where (shop_id, parent_order_sn) in
        (select shop_id, parent_order_sn from raw_temu.orders where status in (4, 41, 5, 51))
"""


def rows_of(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    with psycopg.connect(url) as connection:
        return connection.execute(query, values or None).fetchall()


def differences(
    stage: Stage, stormy: str, calm: str, settings: Settings, shops: Sequence[Shop], days: tuple[date, date]
) -> list[str]:
    """Whatever is lost, doubled, changed or unexplained in the `stormy` database; nothing if all is well."""
    found = [*_from_the_world(stage, stormy, shops)]
    found += [told for table in COMPARED for told in _from_the_calm(table, stormy, calm)]
    found += [told for table in ASKED_ONCE for told in _from_the_calm(table, stormy, calm)]
    found += [*_doubled(stormy), *_letters_without_a_row(stormy)]
    counted = recount(stormy, settings=settings, shops=None, first=days[0], last=days[1], run_id="proof", mend=False)
    found += [str(one) for one in counted if not isinstance(one, DayCount) or one.unexplained]
    entries = read_ledger(stormy, first=days[0], last=days[1])
    found += [f"the ledger counts no {one} orders" for one in STAGES if not _counts(entries, one)]
    return found + [str(one) for one in unbalanced(entries)]


def _counts(entries: Sequence[Entry], stage: str) -> bool:
    """A stage that is not counted balances, whatever happened."""
    return any(getattr(one, stage) for one in entries if one.stream == "orders")


def _from_the_world(stage: Stage, url: str, shops: Sequence[Shop]) -> Iterator[str]:
    for shop in shops:
        live = stage.sandbox.world.find(shop.temu_shop_id)
        now = stage.sandbox.now()
        truth = {
            sn: json.loads(page_item(live, order, BOTH))
            for sn, order in live.book.by_sn.items()
            if order.placed < now and live.book.updated_at(order) < now
        }
        query = "select parent_order_sn, payload, source_updated_at from raw_temu.orders where shop_id = %s"
        landed = {sn: (payload, at) for sn, payload, at in rows_of(url, query, shop.id)}
        yield from (f"{shop.shop_name}: order {sn} is lost" for sn in sorted(truth.keys() - landed.keys()))
        yield from (f"{shop.shop_name}: order {sn} does not exist" for sn in sorted(landed.keys() - truth.keys()))
        for sn in sorted(truth.keys() & landed.keys()):
            yield from _of_order(sn, truth[sn], *landed[sn])


def _of_order(sn: str, truth: dict[str, Any], payload: dict[str, Any], updated_at: datetime) -> Iterator[str]:
    at = truth["parentOrderMap"]["updateTime"]
    if updated_at.timestamp() != at:
        yield f"order {sn} is of {updated_at}, the gateway changed it at {at}"
    elif payload != truth:
        names = {name for name in truth.keys() | payload.keys() if payload.get(name) != truth.get(name)}
        yield f"order {sn} differs from the gateway's in {', '.join(sorted(names))}"


def _from_the_calm(table: str, stormy: str, calm: str) -> Iterator[str]:
    less = "'loaded_at' - 'run_id'" + (" - 'source_updated_at'" if table in UNDATED else "")
    rows = f"select {ASKED_ONCE.get(table, '*')} from raw_temu.{table} {_only(table)}"
    query = f"select (to_jsonb(t) - {less})::text from ({rows}) t order by 1"
    here, there = ({row for (row,) in rows_of(url, query)} for url in (stormy, calm))
    yield from (f"{table}: missing or other: {row[-400:]}" for row in sorted(there - here)[:20])
    if table not in PASSING:
        yield from (f"{table}: surplus or other: {row[-400:]}" for row in sorted(here - there)[:20])


def _only(table: str) -> str:
    """Rows of which both databases must have heard."""
    if table in DATED:
        return f"where snapshot_date = (select max(snapshot_date) from raw_temu.{table})"
    if table in REPORTS:
        return f"where report_date > (select max(report_date) - 3 from raw_temu.{table})"
    return STILL_SHIPPED if table in OF_SHIPPED else ""


def _doubled(url: str) -> Iterator[str]:
    query = """
        select shop_id, line ->> 'orderSn', count(*) from raw_temu.orders, jsonb_array_elements(payload -> 'orderList')
            as line group by 1, 2 having count(*) > 1
    """
    yield from (f"line {sn} of shop {shop} landed {count} times" for shop, sn, count in rows_of(url, query))
    query = """
        select parent_order_sn from raw_temu.order_versions join raw_temu.orders o using (shop_id, parent_order_sn)
        where order_versions.source_updated_at > o.source_updated_at
    """
    yield from (f"a superseded state of order {sn} is newer than its row" for (sn,) in rows_of(url, query))


def _letters_without_a_row(url: str) -> Iterator[str]:
    """A record whose key was of another type is refused for ever; what it told must have landed under its true one."""
    query = """
        select id, reason_code, field_path from ops.dead_letters d
        where resolved_at is null and not exists (
            select from raw_temu.orders o where o.shop_id = d.shop_id
                and o.payload #>> '{orderList,0,orderSn}' = d.payload::jsonb #>> '{orderList,0,orderSn}'
        )
    """
    yield from (f"letter {number} ({reason} at {path}) never landed" for number, reason, path in rows_of(url, query))
