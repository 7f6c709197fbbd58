-- What takes part in a promotion (§6.9): its items with the article of their listing in that shop (M1, K), else the one
-- that the shop's lines of that listing are of (K); items of neither stay, with no article. One row per
-- (activity_row_id, product_sku_id).
with items as (
    select distinct on (activity_id, product_sku_id) *
    from {{ ref('int_activity_items__typed') }}
    where activity_id is not null and product_sku_id is not null
    order by activity_id, product_sku_id, updated_at desc nulls last, impressions desc nulls last, clicks desc nulls last
),

activities as (
    {{ newest_per_id(ref('int_activities__typed'), 'updated_at desc nulls last, activity_id, start_time') }}
),

listings as (
    select distinct on (shop_id, product_id) shop_id, product_id, sku_code, product_name
    from {{ ref('int_products__deduplicated') }}
    where product_id is not null
    order by shop_id, product_id, id
),

sold as ( -- what the newest line calls it
    select distinct on (shop_id, product_sku_id) shop_id, product_sku_id, sku_code
    from {{ ref('int_order_lines__matched') }}
    where product_sku_id in (select product_sku_id from items) and sku_code <> '{{ var("unknown_sku") }}'
    order by shop_id, product_sku_id, order_date desc, sku_code collate "C"
)

select
    items.activity_id as activity_row_id,
    activities.shop_id,
    items.product_sku_id,
    coalesce(listings.sku_code, sold.sku_code) as sku_code,
    listings.product_name,
    items.activity_price,
    items.impressions,
    items.clicks,
    items.payers
from items
inner join activities on items.activity_id = activities.id
left join listings on activities.shop_id = listings.shop_id and items.product_sku_id = listings.product_id
left join sold on activities.shop_id = sold.shop_id and items.product_sku_id = sold.product_sku_id
