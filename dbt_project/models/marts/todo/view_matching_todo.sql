-- Lines whose listing was not found or only guessed by its style (M4), and codes that several managers answer for.
with lines as (
    select
        shop_id,
        match_method as reason,
        sku_code,
        coalesce(product_sku_id, '') as product_sku_id,
        coalesce(spu_id, '') as spu_id,
        max(product_name) as product_name,
        min(manager) as managers,
        count(*) as order_lines,
        sum(gmv_cny) as gmv_cny,
        max(order_date) as last_order_date
    from {{ ref('fct_order_lines_costed') }}
    where is_sale and match_method in ('unmatched', 'spu')
    group by 1, 2, 3, 4, 5
),

shared as (
    select
        shop_id,
        sku_code,
        min(product_name) as product_name,
        string_agg(distinct manager, ', ' order by manager) as managers
    from {{ ref('int_products__deduplicated') }}
    where is_production and sku_code is not null and manager is not null
    group by shop_id, sku_code
    having count(distinct manager) > 1
),

sales as (
    select
        shop_id,
        sku_code,
        sum(order_lines)::bigint as order_lines,
        sum(gmv_cny) filter (where order_lines > unpriced_lines) as gmv_cny, -- unknown where no line has a price
        max(order_date) as last_order_date
    from {{ ref('mart_sku_daily') }}
    where order_lines > 0
    group by shop_id, sku_code
),

todo as (
    select shop_id, reason, sku_code, product_sku_id, spu_id, product_name, managers, order_lines, gmv_cny, last_order_date
    from lines
    union all
    select
        shared.shop_id, 'several_managers', shared.sku_code, '', '', shared.product_name, shared.managers,
        coalesce(sales.order_lines, 0), case when sales.sku_code is null then 0 else sales.gmv_cny end, sales.last_order_date
    from shared
    left join sales using (shop_id, sku_code)
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    todo.shop_id,
    todo.reason,
    todo.sku_code,
    todo.product_sku_id,
    todo.spu_id,
    shops.shop_name,
    shops.region,
    todo.product_name,
    todo.managers,
    todo.order_lines,
    todo.gmv_cny::numeric(38, 2) as gmv_cny,
    todo.last_order_date,
    {{ refreshed_at() }} as _refreshed_at
from todo
inner join shops using (shop_id)
