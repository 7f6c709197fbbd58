with lines as (
    select
        shop_id,
        sku_code,
        matched_product_id,
        cost_status,
        max(product_name) as product_name,
        min(manager) as manager,
        count(*) as order_lines,
        sum(units)::bigint as units_sold,
        sum(gmv_cny) as gmv_cny,
        sum(est_cogs_cny) as est_cogs_cny,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from {{ ref('fct_order_lines_costed') }}
    where is_sale and cost_status in ('no_product', 'no_cost', 'gap', 'no_fx')
    group by shop_id, sku_code, matched_product_id, cost_status
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    lines.shop_id,
    lines.sku_code,
    coalesce(lines.matched_product_id, 0) as product_row_id,
    lines.cost_status,
    shops.shop_name,
    shops.region,
    lines.product_name,
    lines.manager,
    lines.order_lines,
    lines.units_sold,
    lines.gmv_cny::numeric(38, 2) as gmv_cny,
    lines.est_cogs_cny::numeric(38, 2) as est_cogs_cny,
    lines.first_order_date,
    lines.last_order_date,
    {{ refreshed_at() }} as _refreshed_at
from lines
inner join shops using (shop_id)
