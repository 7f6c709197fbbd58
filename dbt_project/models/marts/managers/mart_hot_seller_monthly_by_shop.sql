with sold as (
    select *, jsonb_array_length(sku_codes) as skus_sold from {{ ref('int_hot_sellers__by_shop') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

targets as (
    select target_month as month_start, manager, shop_id, {{ target_columns('target_value') }}
    from {{ ref('int_sales_targets__resolved') }}
    where shop_id is not null
    group by target_month, manager, shop_id
),

{{ hot_seller_ctes(['manager', 'shop_id'], ['shop_id']) }}

select
    moved.month_start,
    moved.manager,
    moved.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    {{ hot_seller_columns() }}
from moved
inner join shops using (shop_id)
