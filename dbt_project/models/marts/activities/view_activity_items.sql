with items as (
    select * from {{ ref('int_activity_items__matched') }}
),

activities as (
    select * from {{ ref('mart_activity_lift') }}
)

select
    items.activity_row_id,
    items.product_sku_id,
    items.sku_code,
    items.product_name,
    activities.shop_id,
    activities.shop_name,
    activities.activity_name,
    activities.activity_type,
    activities.start_date,
    activities.end_date,
    items.activity_price::numeric(38, 6) as activity_price,
    items.impressions,
    items.clicks,
    items.payers,
    {{ ratio('items.clicks', 'items.impressions') }} as click_rate,
    {{ ratio('items.payers', 'items.clicks') }} as pay_rate,
    {{ refreshed_at() }} as _refreshed_at
from items
inner join activities using (activity_row_id)
