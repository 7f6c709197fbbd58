with activities as (
    select * from {{ ref('mart_activity_lift') }} where phase <> 'undated'
),

participants as (
    select activity_row_id, sku_code, min(product_name) as product_name
    from {{ ref('int_activity_items__matched') }}
    where sku_code is not null
    group by activity_row_id, sku_code
),

listed as ( -- '' stands for the whole shop, and for items whose listing nobody knows
    select activities.activity_row_id, coalesce(participants.sku_code, '') as sku_code, participants.product_name
    from activities
    left join participants using (activity_row_id)
),

clashes as (
    select
        activity_row_id,
        sku_code,
        count(distinct other_row_id) as overlapping_activities,
        string_agg(distinct other_name, ', ' order by other_name) as overlapping_names
    from {{ ref('int_activity_overlaps') }}
    where is_at_once
    group by activity_row_id, sku_code
)

select
    listed.activity_row_id,
    listed.sku_code,
    listed.product_name,
    activities.shop_id,
    activities.shop_name,
    activities.activity_name,
    activities.activity_type,
    activities.phase,
    activities.start_date,
    activities.end_date,
    coalesce(by_article.overlapping_activities, 0) + coalesce(of_shop.overlapping_activities, 0) as overlapping_activities,
    nullif(concat_ws(', ', by_article.overlapping_names, of_shop.overlapping_names), '') as overlapping_names,
    {{ refreshed_at() }} as _refreshed_at
from listed
inner join activities using (activity_row_id)
left join clashes as by_article
    on listed.activity_row_id = by_article.activity_row_id
    and listed.sku_code = by_article.sku_code
    and by_article.sku_code <> ''
left join clashes as of_shop on listed.activity_row_id = of_shop.activity_row_id and of_shop.sku_code = ''
