-- Parent orders, in one pass over their lines: what they earn, cost, where they go and stand. One row per (shop_id, parent_key),
-- any status. A parent is delivered when all its sale lines are, and shipped when none of them waits any more (§6.6).
{{ following('parents', above='fct_order_lines_costed') }}
with lines as not materialized (
    select * from {{ ref('fct_order_lines_costed') }} {{ only_touched('parents') }}
)

select
    shop_id,
    parent_key,
    min(order_date) as order_date,
    case when min(manager) = max(manager) then min(manager) end as manager,
    string_agg(distinct package_sn collate "C", ', ' order by package_sn collate "C") as packages,
    string_agg(distinct sku_code collate "C", ', ' order by sku_code collate "C") as sku_codes,
    -- One place even where lines name several: the first by name, a known one before none.
    {%- for column in ['shipping_country', 'shipping_state', 'shipping_state_code'] %}
    (min(array[shipping_country, shipping_state, shipping_state_code]) filter (where is_sale))[{{ loop.index }}] as {{ column }},
    {%- endfor %}
    min(order_weekday_local) as order_weekday_local,
    min(order_hour_local) as order_hour_local,
    count(*) filter (where is_sale) as sale_lines,
    sum(units)::bigint as units_sold,
    count(*) filter (where is_sale and gmv_cny is null) as unpriced_lines,
    count(*) filter (where cogs_cny is null) as uncosted_lines,
    sum(cogs_cny)::numeric(38, 2) as cogs_cny,
    sum(gmv_cny) filter (where is_sale)::numeric(38, 2) as gmv_cny,
    sum(net_revenue_cny) filter (where is_sale)::numeric(38, 2) as net_revenue_cny,
    sum(platform_fee_cny) filter (where is_sale)::numeric(38, 2) as platform_fee_cny,
    sum(payment_fee_cny) filter (where is_sale)::numeric(38, 2) as payment_fee_cny,
    case when bool_and(status <> 'paid') filter (where is_sale) then max(shipping_time) filter (where is_sale) end
        as shipped_at,
    case
        when bool_and(status in ('delivered', 'completed', 'refunded')) filter (where is_sale)
            then max(delivery_time) filter (where is_sale)
    end as delivered_at
from lines
group by shop_id, parent_key
