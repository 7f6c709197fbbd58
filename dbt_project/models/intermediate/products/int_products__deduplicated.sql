-- Listings, newest version per id, with the article code of rule N2. One row per products.id.
with products as (
    {{ newest_per_id(ref('int_products__typed'), 'updated_at desc nulls last, product_id, sku') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    products.id,
    products.shop_id,
    products.product_id,
    products.product_name,
    {{ n2('products.sku') }} as sku_code,
    products.spu_id,
    products.skc_id,
    products.current_price,
    {{ n3('products.currency') }} as currency,
    products.stock_quantity,
    coalesce(products.is_active, false) as is_active,
    products.category,
    products.manager,
    products.price_status,
    products.listed_at,
    coalesce(shops.is_production, false) as is_production
from products
left join shops using (shop_id)
where products.id is not null
