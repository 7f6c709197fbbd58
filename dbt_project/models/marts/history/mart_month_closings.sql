-- What was closed does not move: what changed afterwards stands beside it as adjustments, and both make today's figure.
with closings as (
    select distinct on (month_start, shop_id) month_start, shop_id, gmv_cny, net_revenue_cny, profit_cny, closed_at
    from {{ ref('int_month_closings__typed') }}
    where month_start is not null and shop_id is not null
    order by month_start, shop_id, closed_at desc nulls last
),

adjustments as (
    select month_start, shop_id, count(distinct order_line_key) as adjusted_lines, {{ sum_measures(['gmv_delta_cny',
        'net_revenue_delta_cny', 'profit_delta_cny']) }}
    from {{ ref('mart_restatements') }}
    where is_adjustment
    group by month_start, shop_id
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    closings.month_start,
    closings.shop_id,
    shops.shop_name,
    closings.closed_at,
    {%- for measure in ['gmv', 'net_revenue', 'profit'] %}
    closings.{{ measure }}_cny::numeric(38, 2) as closed_{{ measure }}_cny,
    coalesce(adjustments.{{ measure }}_delta_cny, 0)::numeric(38, 2) as adjustment_{{ measure }}_cny,
    (closings.{{ measure }}_cny + coalesce(adjustments.{{ measure }}_delta_cny, 0))::numeric(38, 2) as current_{{ measure }}_cny,
    {%- endfor %}
    coalesce(adjustments.adjusted_lines, 0) as adjusted_lines,
    {{ refreshed_at() }} as _refreshed_at
from closings
left join adjustments using (month_start, shop_id)
left join shops using (shop_id)
