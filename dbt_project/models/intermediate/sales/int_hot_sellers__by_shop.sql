-- What each manager sold per month and shop, from lines. One row per (month_start, manager, shop_id) with a sale line.
with lines as (
    select *, {{ month_of('order_date') }} as month_start
    from {{ ref('fct_order_lines_costed') }}
    where is_sale
),

{{ aggregate_lines('lines', ['month_start', 'manager', 'shop_id']) }},

skus as (
    select month_start, manager, shop_id, jsonb_agg(distinct sku_code) as sku_codes
    from lines
    group by month_start, manager, shop_id
)

select *
from aggregated
inner join skus using (month_start, manager, shop_id)
