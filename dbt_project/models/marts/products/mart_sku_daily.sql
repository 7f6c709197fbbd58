with lines as not materialized (
    select * from {{ ref('fct_order_lines_costed') }}
),

{{ aggregate_lines('lines', ['order_date', 'shop_id', 'sku_code'], [
    'max(product_name) as product_name', 'max(category) as category', 'max(spu_id) as spu_id'
]) }},

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    aggregated.order_date,
    aggregated.shop_id,
    aggregated.sku_code,
    aggregated.product_name,
    aggregated.category,
    aggregated.spu_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    {{ measure_columns('aggregated') }},
    {{ refreshed_at() }} as _refreshed_at
from aggregated
inner join shops using (shop_id)
