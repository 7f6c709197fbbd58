with products as (
    select * from {{ ref('dim_product') }} where manager is null
),

sales as (
    select shop_id, sku_code, sum(units_sold)::bigint as units_30d, sum(gmv_cny) as gmv_30d_cny
    from {{ ref('mart_sku_daily') }}
    where order_date > {{ as_of_date() }} - 30 and order_date <= {{ as_of_date() }}
    group by shop_id, sku_code
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    products.id as product_row_id,
    products.shop_id,
    shops.shop_name,
    shops.region,
    products.product_id,
    products.sku_code,
    products.product_name,
    products.category,
    products.is_active,
    shops.default_manager,
    shops.default_manager is null as is_nobodys, -- not even the shop's manager answers
    coalesce(sales.units_30d, 0) as units_30d,
    coalesce(sales.gmv_30d_cny, 0)::numeric(38, 2) as gmv_30d_cny,
    {{ refreshed_at() }} as _refreshed_at
from products
inner join shops using (shop_id)
left join sales using (shop_id, sku_code)
