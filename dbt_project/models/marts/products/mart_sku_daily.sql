with lines as (
    select * from {{ ref('fct_order_lines_costed') }}
),

{{ aggregate_lines('lines', ['order_date', 'shop_id', 'sku_code']) }},

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

managers as ( -- of the day and shop; where two share an article, the one with the greater GMV
    select distinct on (order_date, shop_id, sku_code) order_date, shop_id, sku_code, manager, product_name, category
    from (
        select
            order_date, shop_id, sku_code, manager,
            max(product_name) as product_name,
            max(category) as category,
            coalesce(sum(gmv_cny), 0) as gmv_cny
        from lines
        group by order_date, shop_id, sku_code, manager
    ) as by_manager
    order by order_date, shop_id, sku_code, gmv_cny desc, manager
)

select
    aggregated.order_date,
    aggregated.shop_id,
    aggregated.sku_code,
    managers.product_name,
    managers.category,
    managers.manager,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    {{ measure_columns('aggregated') }},
    {{ refreshed_at() }} as _refreshed_at
from aggregated
inner join shops using (shop_id)
inner join managers using (order_date, shop_id, sku_code)
