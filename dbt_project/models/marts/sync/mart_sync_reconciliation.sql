-- Parents that the platform reports for a business day against those we hold (orders_all); a day that nobody asked the
-- platform about has no gap, not a gap of 0. What was set aside is missing, too, until it is mended: it explains a gap.
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

letters as ( -- their text need not be JSON
    select
        shop_id,
        coalesce(substring(payload from '"(?:parentOrderSn|order_sn)"\s*:\s*"([^"]+)"'), id::text) as parent_key,
        substring(payload from '"(?:parentOrderTime|order_time)"\s*:\s*"?(\d{10})(?!\d)')::bigint as placed_at
    from {{ ref('int_sync_dead_letters__typed') }}
    where entity = 'orders' and resolved_at is null
),

set_aside as (
    select
        letters.shop_id,
        {{ reporting_day('to_timestamp(letters.placed_at)') }} as order_date,
        count(distinct letters.parent_key) as set_aside_orders
    from letters
    left join {{ ref('int_order_lines__placed') }} as held using (shop_id, parent_key)
    where letters.placed_at is not null and held.parent_key is null
    group by 1, 2
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
),

compared as (
    select
        days.*,
        days.reported_orders - days.loaded_orders as gap,
        coalesce(set_aside.set_aside_orders, 0) as set_aside_orders
    from days
    left join set_aside using (shop_id, order_date)
)

select
    compared.order_date,
    compared.shop_id,
    shops.shop_name,
    shops.region,
    compared.reported_orders::bigint as reported_orders,
    compared.loaded_orders,
    compared.gap,
    {{ ratio('compared.gap', 'compared.reported_orders') }} as gap_rate,
    compared.set_aside_orders,
    compared.counted_at,
    -- The last complete day ended less than 24 hours ago.
    coalesce(compared.gap <> 0, false) and compared.order_date < {{ as_of_date() }} as is_alert,
    {{ refreshed_at() }} as _refreshed_at
from compared
inner join shops using (shop_id)
