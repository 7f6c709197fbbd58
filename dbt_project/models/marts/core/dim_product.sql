with products as (
    select * from {{ ref('int_products__deduplicated') }} where is_production
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    products.id,
    products.shop_id,
    products.product_id,
    products.sku_code,
    products.product_name,
    products.spu_id,
    products.skc_id,
    products.category,
    products.manager,
    products.current_price::numeric(38, 6) as current_price,
    products.currency,
    products.stock_quantity,
    products.is_active,
    products.price_status,
    products.listed_at,
    shops.shop_name,
    shops.region,
    {{ refreshed_at() }} as _refreshed_at
from products
inner join shops using (shop_id)
