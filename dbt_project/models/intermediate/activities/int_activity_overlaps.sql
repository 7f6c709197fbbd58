-- Pairs of promotions of one shop that share an article, the other one running in the window of this one or in the 28 days
-- before it (§6.9). One row per (activity_row_id, other_row_id, sku_code); sku_code '' = one of them is for the whole shop.
with activities as (
    select *, coalesce(greatest(last_day, start_day), start_day) as window_end
    from {{ ref('int_activities__windowed') }}
    where has_days
),

participants as (
    select distinct activity_row_id, sku_code from {{ ref('int_activity_items__matched') }} where sku_code is not null
),

pairs as (
    select
        activities.activity_row_id,
        others.activity_row_id as other_row_id,
        others.activity_name as other_name,
        activities.has_items and others.has_items as is_by_article,
        others.start_day <= activities.window_end
            and coalesce(others.end_day >= activities.start_day, true) as is_at_once
    from activities
    inner join activities as others
        on activities.shop_id = others.shop_id
        and activities.activity_row_id <> others.activity_row_id
        and others.start_day <= activities.window_end
        and coalesce(others.end_day >= activities.start_day - 28, true)
)

select activity_row_id, other_row_id, other_name, is_at_once, '' as sku_code from pairs where not is_by_article
union all
select pairs.activity_row_id, pairs.other_row_id, pairs.other_name, pairs.is_at_once, participants.sku_code
from pairs
inner join participants using (activity_row_id)
inner join participants as of_other
    on pairs.other_row_id = of_other.activity_row_id and participants.sku_code = of_other.sku_code
where pairs.is_by_article
