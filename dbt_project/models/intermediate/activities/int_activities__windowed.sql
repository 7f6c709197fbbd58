-- Promotions of production shops with their days in the reporting zone (§6.9): the plan, the window cut at as_of_date, and
-- how many of the 28 days before lie in the shop's history. One row per activity (activity_row_id).
with activities as (
    {{ newest_per_id(ref('int_activities__typed'), 'updated_at desc nulls last, activity_id, start_time') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }} where is_production
),

histories as (
    select shop_id, min(order_date) as first_day from {{ ref('int_gmv__by_day') }} group by shop_id
),

items as (
    select activity_row_id, count(*) as items, count(distinct sku_code) as skus
    from {{ ref('int_activity_items__matched') }}
    group by activity_row_id
),

zoned as (
    select
        activities.*,
        {{ reporting_day('activities.start_time') }} as start_day,
        {{ reporting_day('activities.end_time') }} as end_day
    from activities
    where activities.id is not null
),

dated as ( -- an open end is no contradiction
    select *, start_day is not null and coalesce(end_day >= start_day, true) as has_days from zoned
)

select
    dated.id as activity_row_id,
    dated.shop_id,
    dated.activity_id,
    coalesce(dated.activity_name, dated.activity_id) as activity_name,
    case
        when lower(dated.activity_type) in ('discount', 'flash_sale', 'coupon', 'bundle') then lower(dated.activity_type)
        else 'other'
    end as activity_type,
    dated.activity_cost,
    dated.status,
    dated.start_time,
    dated.end_time,
    dated.start_day,
    dated.end_day,
    dated.has_days,
    least(dated.end_day, {{ as_of_date() }}) as last_day,
    case when dated.has_days then greatest(0, least(dated.end_day, {{ as_of_date() }}) - dated.start_day + 1) end as days,
    case -- LEAST ignores NULL, so unknown days are asked first
        when histories.first_day is null then 0
        when dated.start_day is not null then greatest(0, least(28, dated.start_day - histories.first_day))
    end as baseline_days,
    coalesce(items.items, 0) as items,
    coalesce(items.skus, 0) as skus,
    items.activity_row_id is not null as has_items
from dated
inner join shops using (shop_id)
left join histories using (shop_id)
left join items on dated.id = items.activity_row_id
