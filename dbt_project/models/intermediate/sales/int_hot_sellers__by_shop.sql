-- Measures of each manager per month and shop, from lines of any status: a penalty on a cancelled line costs profit (L).
-- One row per (month_start, manager, shop_id) with a line; who sold nothing there has no orders.
{{ following('months', above='fct_order_lines_costed', keys_above='shop_id, ' ~ month_of('order_date')) }}
with lines as not materialized (
    select * from (select *, {{ month_of('order_date') }} as month_start from {{ ref('fct_order_lines_costed') }}) as monthly
    {{ only_touched('months') }}
),

{{ aggregate_lines('lines', ['month_start', 'manager', 'shop_id']) }},

skus as (
    select
        month_start, manager, shop_id,
        coalesce(jsonb_agg(distinct sku_code) filter (where is_sale), '[]') as sku_codes
    from lines
    group by month_start, manager, shop_id
)

select *
from aggregated
inner join skus using (month_start, manager, shop_id)
