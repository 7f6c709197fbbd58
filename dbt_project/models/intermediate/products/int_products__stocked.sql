-- Listings of production shops with the stock of their newest count up to as_of_date, else what the listing says.
-- One row per products.id.
with products as (
    select * from {{ ref('int_products__deduplicated') }} where is_production
),

newest_counts as (
    select distinct on (product_id) product_id, on_hand, in_transit
    from {{ ref('int_inventory_snapshots__typed') }}
    where snapshot_date <= {{ as_of_date() }}
    order by product_id, snapshot_date desc
)

select
    products.id,
    products.shop_id,
    products.sku_code,
    products.is_active,
    {{ reporting_day('products.listed_at') }} as listed_date,
    coalesce(newest_counts.on_hand, products.stock_quantity) as stock_on_hand,
    newest_counts.in_transit
from products
left join newest_counts on products.id = newest_counts.product_id
