"""Rules that raw tables can answer, few and cheap: chapter 8 of the metric specification, entities as landed.

Belongs here: which rows a suite looks at, which rules hold, how severe a breach is.
Does not belong here: rules on models (dbt tests), on single records (`connectors`), running them (`checks`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import AssetCheckSeverity

E, W = AssetCheckSeverity.ERROR, AssetCheckSeverity.WARN
"""Severities as the specification writes them: E blocks the downstream build, W is recorded and shown."""


@dataclass(frozen=True)
class Rule:
    """One expectation: its Great Expectations class, its arguments, how severe a breach is, and the rule in words."""

    expectation: str
    arguments: Mapping[str, Any]
    severity: AssetCheckSeverity
    words: str


@dataclass(frozen=True)
class Suite:
    """Rules on the rows of one query over one raw table. Queries read typed columns only, never whole payloads."""

    table: str
    query: str
    rules: Sequence[Rule]


@dataclass(frozen=True)
class Outcome:
    """What became of one rule: how many rows were looked at, how many broke it, and some of their values."""

    passed: bool
    rows: int = 0
    broken: int = 0
    sample: Sequence[object] = ()

    def __str__(self) -> str:
        if self.passed:
            return f"holds on {self.rows} rows"
        return f"{self.broken} of {self.rows} rows, such as {', '.join(map(str, self.sample)) or 'NULL'}"


def _rule(severity: AssetCheckSeverity, words: str, expectation: str, column: str, **arguments: Any) -> Rule:
    return Rule(expectation, {"column": column, **arguments}, severity, words)


def _not_null(severity: AssetCheckSeverity, column: str, words: str) -> Rule:
    return _rule(severity, words, "ExpectColumnValuesToNotBeNull", column)


def _between(severity: AssetCheckSeverity, column: str, words: str, **bounds: Any) -> Rule:
    return _rule(severity, words, "ExpectColumnValuesToBeBetween", column, **bounds)


SHOP_EXISTS = _not_null(E, "registered_shop", "every row belongs to a registered shop")
NOT_FROM_THE_FUTURE = _between(E, "hours_ahead", "no update time lies more than a day ahead of the clock", max_value=24)
FIRST_ORDER = "2022-09-01"

RECENT = """
    select r.*, s.id as registered_shop,
        case when s.environment = 'production' and s.gateway_url is null  -- a rehearsal gateway may turn its clock
             then extract(epoch from r.source_updated_at - now()) / 3600 end as hours_ahead
    from (select {columns} from raw_temu.{table} where source_updated_at >= now() - interval '35 days') r
    left join ops.shops s on s.id = r.shop_id"""

JUDGED_FROM = 10
"""Below so many orders a day, half or double is chance."""

ORDERS_PER_DAY = f"""
    with days as (
        select shop_id, (order_time at time zone 'UTC')::date as day, count(*) as orders
        from raw_temu.orders
        where order_time >= now() - interval '60 days'
          and source_updated_at >= now() - interval '60 days'  -- never before order_time, and indexed
        group by 1, 2
    ), newest as (
        select shop_id, max(day) - 1 as day from days group by 1  -- the newest day is still being filled
    ), usual as (
        select newest.shop_id, percentile_cont(0.5) within group (order by days.orders) as orders
        from newest join days on days.shop_id = newest.shop_id and days.day < newest.day
             and extract(isodow from days.day) = extract(isodow from newest.day)
        group by 1
    )
    select newest.shop_id, newest.day,
        coalesce(days.orders, 0) / case when usual.orders >= {JUDGED_FROM} then usual.orders end as share_of_usual
    from newest left join usual using (shop_id) left join days using (shop_id, day)"""


def _recent(table: str, *columns: str) -> str:
    return RECENT.format(table=table, columns=", ".join(["shop_id", "source_updated_at", *columns]))


SUITES = (
    Suite(
        "orders",
        _recent("orders", "parent_order_sn", "status", "order_time"),
        (
            SHOP_EXISTS,
            NOT_FROM_THE_FUTURE,
            _rule(
                E,
                "the order number is not empty",
                "ExpectColumnValueLengthsToBeBetween",
                "parent_order_sn",
                min_value=1,
            ),
            _rule(
                W,
                "at most 0.5 % of orders have a status that nobody mapped",
                "ExpectColumnValuesToBeInSet",
                "status",
                value_set=[1, 2, 3, 4, 41, 5, 51],
                mostly=0.995,
            ),
            _not_null(W, "order_time", "the platform says when the order was placed"),
            _between(W, "order_time", "no order is older than the platform", min_value=FIRST_ORDER),
        ),
    ),
    Suite(
        "orders",
        ORDERS_PER_DAY,
        (
            _between(
                W,
                "share_of_usual",
                "the last whole day brought 50–200 % of what its weekday usually brings",
                min_value=0.5,
                max_value=2.0,
            ),
        ),
    ),
    Suite("order_amounts", _recent("order_amounts", "parent_order_sn"), (SHOP_EXISTS, NOT_FROM_THE_FUTURE)),
    Suite("after_sales", _recent("after_sales", "parent_order_sn"), (SHOP_EXISTS, NOT_FROM_THE_FUTURE)),
    Suite(
        "product_snapshots",
        _recent("product_snapshots", "sku_id", "stock", "price", "currency"),
        (
            SHOP_EXISTS,
            _between(W, "stock", "no stock is negative", min_value=0),
            _between(W, "price", "every price is above zero", min_value=0, strict_min=True),
            _rule(W, "currencies are three letters", "ExpectColumnValuesToMatchRegex", "currency", regex="^[A-Z]{3}$"),
        ),
    ),
    Suite(
        "activities",
        """select a.shop_id, s.id as registered_shop, extract(epoch from a.ends_at - a.starts_at) as seconds_long
           from raw_temu.activities a left join ops.shops s on s.id = a.shop_id""",
        (
            SHOP_EXISTS,
            _between(E, "seconds_long", "an activity ends after it starts", min_value=0, strict_min=True),
        ),
    ),
)
