-- Parents that the platform reports for a business day against those we hold (orders_all); a day that nobody asked the
-- platform about has no gap, not a gap of 0.
with loaded as (
    select order_date, shop_id, orders_all as loaded_orders
    from {{ ref('mart_gmv_daily') }}
),

reported as (
    select distinct on (shop_id, order_date) shop_id, order_date, reported_orders, counted_at
    from {{ ref('int_platform_order_counts__typed') }}
    where reported_orders >= 0 and order_date is not null
    order by shop_id, order_date, counted_at desc nulls last, reported_orders desc
),

shops as (
    select * from {{ ref('int_shops__zoned') }} where is_production
),

days as (
    select
        coalesce(reported.order_date, loaded.order_date) as order_date,
        coalesce(reported.shop_id, loaded.shop_id) as shop_id,
        reported.reported_orders,
        reported.counted_at,
        coalesce(loaded.loaded_orders, 0) as loaded_orders
    from loaded
    full join reported on loaded.shop_id = reported.shop_id and loaded.order_date = reported.order_date
)

select
    days.order_date,
    days.shop_id,
    shops.shop_name,
    shops.region,
    days.reported_orders::bigint as reported_orders,
    days.loaded_orders,
    days.reported_orders - days.loaded_orders as gap,
    {{ ratio('days.reported_orders - days.loaded_orders', 'days.reported_orders') }} as gap_rate,
    days.counted_at,
    -- The last complete day ended less than 24 hours ago.
    coalesce(days.reported_orders <> days.loaded_orders, false) and days.order_date < {{ as_of_date() }} as is_alert,
    {{ refreshed_at() }} as _refreshed_at
from days
inner join shops using (shop_id)
