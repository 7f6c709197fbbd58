-- Stock and sales per shop: an article on sale in two shops is active in the one that sold it.
with on_sale as (
    select distinct shop_id, sku_code
    from {{ ref('int_products__stocked') }}
    where is_active and sku_code is not null
),

sold as (
    select distinct shop_id, sku_code
    from {{ ref('mart_sku_daily') }}
    where units_sold > 0
        and order_date > {{ as_of_date() }} - {{ var('velocity_window_days') }}
        and order_date <= {{ as_of_date() }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    {{ as_of_date() }} as as_of_date,
    on_sale.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    count(*) as on_sale_skus,
    count(sold.sku_code) as active_skus,
    {{ ratio('count(sold.sku_code)', 'count(*)') }} as active_sku_rate,
    {{ refreshed_at() }} as _refreshed_at
from on_sale
inner join shops using (shop_id)
left join sold using (shop_id, sku_code)
group by on_sale.shop_id, shops.shop_name, shops.region, shops.entity, shops.business_model
