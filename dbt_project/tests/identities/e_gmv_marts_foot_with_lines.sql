{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_gmv_daily'}}}) }}
-- §8: Σ daily = Σ weekly = Σ monthly = Σ by SKU (and manager) = Σ lines, per shop; orders only where they are additive.
{%- set sums -%}
    sum(orders_all) as orders_all, sum(orders) as orders, sum(units_sold) as units, sum(gmv_cny) as gmv_cny,
    sum(net_revenue_cny) as net_revenue_cny, sum(costed_net_revenue_cny) as costed_cny, sum(profit_cny) as profit_cny
{%- endset %}
with lines as (
    select
        shop_id,
        count(distinct parent_key)::numeric as orders_all,
        count(distinct parent_key) filter (where is_sale)::numeric as orders,
        sum(units) as units,
        coalesce(sum(gmv_cny), 0) as gmv_cny,
        coalesce(sum(net_revenue_cny), 0) as net_revenue_cny,
        coalesce(sum(net_revenue_cny) filter (where profit_cny is not null), 0) as costed_cny,
        coalesce(sum(profit_cny), 0) as profit_cny
    from {{ ref('fct_order_lines_costed') }}
    group by shop_id
),

sums as (
    {%- for mart in ['mart_gmv_daily', 'mart_gmv_weekly', 'mart_gmv_monthly'] %}
    select '{{ mart }}' as mart, shop_id, {{ sums }} from {{ ref(mart) }} group by shop_id
    union all
    {%- endfor %}
    {%- for mart in ['mart_sku_daily', 'mart_sku_daily_by_manager', 'mart_sku_monthly_by_manager'] %}
    select
        '{{ mart }}', sku.shop_id, max(lines.orders_all), max(lines.orders), sum(sku.units_sold), sum(sku.gmv_cny),
        sum(sku.net_revenue_cny), sum(sku.costed_net_revenue_cny), sum(sku.profit_cny)
    from {{ ref(mart) }} as sku
    inner join lines using (shop_id)
    group by sku.shop_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    union all -- these count sales and know no cost
    select 'mart_destinations_daily', places.shop_id, max(lines.orders_all), sum(places.orders), sum(places.units_sold),
        sum(places.gmv_cny), max(lines.net_revenue_cny), max(lines.costed_cny), max(lines.profit_cny)
    from {{ ref('mart_destinations_daily') }} as places
    inner join lines using (shop_id)
    group by places.shop_id
    union all
    select 'mart_order_hours_daily', hours.shop_id, max(lines.orders_all), sum(hours.orders), max(lines.units),
        max(lines.gmv_cny), max(lines.net_revenue_cny), max(lines.costed_cny), max(lines.profit_cny)
    from {{ ref('mart_order_hours_daily') }} as hours
    inner join lines using (shop_id)
    group by hours.shop_id
    union all
    select 'mart_manager_daily', days.shop_id, max(lines.orders_all), max(lines.orders), sum(days.units_sold),
        sum(days.gmv_cny), sum(days.net_revenue_cny), max(lines.costed_cny), sum(days.profit_cny)
    from {{ ref('mart_manager_daily') }} as days
    inner join lines using (shop_id)
    group by days.shop_id
)

select sums.mart, sums.shop_id, sums.gmv_cny, lines.gmv_cny as gmv_of_lines
from sums
full join lines using (shop_id)
where (sums.orders_all, sums.orders, sums.units, sums.gmv_cny, sums.net_revenue_cny, sums.costed_cny, sums.profit_cny)
    is distinct from (
        lines.orders_all, lines.orders, lines.units, lines.gmv_cny, lines.net_revenue_cny, lines.costed_cny, lines.profit_cny
    )
