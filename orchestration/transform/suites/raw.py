"""Rules on raw tables of the platform, few and cheap: batches of the last 35 days, typed columns only."""

from __future__ import annotations

from orchestration.transform.suites.rules import E, Suite, W, between, holds, not_null, rule

SHOP_EXISTS = not_null(E, "registered_shop", "every row belongs to a registered shop")
NOT_FROM_THE_FUTURE = between(E, "hours_ahead", "no update time lies more than a day ahead of the clock", max_value=24)
FIRST_ORDER = "2022-09-01"

RECENT = """
    select r.*, s.id as registered_shop, concat_ws('/', r.shop_id, r.{key}) as sample_key,
        case when s.environment = 'production' and s.gateway_url is null  -- a rehearsal gateway may turn its clock
             then extract(epoch from r.source_updated_at - now()) / 3600 end as hours_ahead{more}
    from (select {columns} from raw_temu.{table} where source_updated_at >= now() - interval '35 days') r
    left join ops.shops s on s.id = r.shop_id"""
PLACED_AHEAD = """,
        case when s.environment = 'production' and s.gateway_url is null
             then extract(epoch from r.order_time - now()) / 3600 end as order_hours_ahead"""

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
    select newest.shop_id, newest.day, concat_ws('/', newest.shop_id, newest.day) as sample_key,
        coalesce(days.orders, 0) / case when usual.orders >= {JUDGED_FROM} then usual.orders end as share_of_usual
    from newest left join usual using (shop_id) left join days using (shop_id, day)"""

ACTIVITIES = """
    select a.shop_id, s.id as registered_shop, concat_ws('/', a.shop_id, a.activity_id) as sample_key,
        extract(epoch from a.ends_at - a.starts_at) as seconds_long,
        exists (
            select from raw_temu.activity_goods g where (g.shop_id, g.activity_id) = (a.shop_id, a.activity_id)
        ) as has_items
    from raw_temu.activities a left join ops.shops s on s.id = a.shop_id"""


def _recent(table: str, *columns: str, more: str = "") -> str:
    names = ", ".join(["shop_id", "source_updated_at", *columns])
    return RECENT.format(table=table, columns=names, key=columns[0], more=more)


RAW_SUITES = (
    Suite(
        "orders",
        _recent("orders", "parent_order_sn", "order_time", more=PLACED_AHEAD),
        (
            SHOP_EXISTS,
            NOT_FROM_THE_FUTURE,
            rule(
                E,
                "the order number is not empty",
                "ExpectColumnValueLengthsToBeBetween",
                "parent_order_sn",
                min_value=1,
            ),
            not_null(W, "order_time", "the platform says when the order was placed"),
            between(W, "order_time", "no order is older than the platform", min_value=FIRST_ORDER),
            between(W, "order_hours_ahead", "no order was placed more than a day ahead of the clock", max_value=24),
        ),
    ),
    Suite(
        "orders",
        ORDERS_PER_DAY,
        (
            between(
                W,
                "share_of_usual",
                "the last whole day brought 50–200 % of what its weekday usually brings",
                min_value=0.5,
                max_value=2.0,
            ),
        ),
    ),
    Suite("order_amounts", _recent("order_amounts", "parent_order_sn"), (SHOP_EXISTS, NOT_FROM_THE_FUTURE)),
    Suite("after_sales", _recent("after_sales", "parent_after_sales_sn"), (SHOP_EXISTS, NOT_FROM_THE_FUTURE)),
    Suite("product_snapshots", _recent("product_snapshots", "sku_id"), (SHOP_EXISTS,)),
    Suite(
        "activities",
        ACTIVITIES,
        (
            SHOP_EXISTS,
            between(E, "seconds_long", "an activity ends after it starts", min_value=0, strict_min=True),
            holds(W, "has_items", "an activity has items"),
        ),
    ),
)
