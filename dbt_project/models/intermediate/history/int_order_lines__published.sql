-- What is published of each order line on a complete day: its amounts and what drove them. The snapshot keeps every
-- version, so that a later change can be explained. One row per order line (order_line_key).
-- It waits for the marts whose figures people read: a build that a broken rule stops publishes nothing.
-- depends_on: {{ ref('mart_gmv_weekly') }}, {{ ref('mart_gmv_monthly') }}, {{ ref('mart_sku_daily') }}
-- depends_on: {{ ref('mart_sku_daily_by_manager') }}, {{ ref('mart_sku_monthly_by_manager') }}
-- depends_on: {{ ref('mart_destinations_daily') }}, {{ ref('mart_order_hours_daily') }}, {{ ref('mart_line_kinds_daily') }}
-- depends_on: {{ ref('mart_manager_daily') }}, {{ ref('mart_hot_seller_monthly') }}, {{ ref('mart_pnl_lines') }}
{{ config(materialized='view', pre_hook=[], post_hook=[]) }}
select
    lines.order_line_key,
    lines.shop_id,
    lines.order_date,
    lines.parent_key,
    lines.order_sn,
    lines.sku_code,
    lines.status,
    lines.is_sale,
    lines.quantity,
    lines.match_method,
    lines.matched_product_id,
    lines.price_source,
    lines.line_amount,
    lines.line_currency,
    lines.fx_rate,
    lines.gmv_cny,
    lines.refund_cny,
    lines.net_revenue_cny,
    lines.cogs_units,
    lines.cogs_cny,
    costed.cost_price,
    costed.cost_currency,
    costed.cost_fx_rate,
    fee_rates.platform_rate,
    fee_rates.payment_rate,
    lines.platform_fee_cny,
    lines.payment_fee_cny,
    lines.charges_cny,
    lines.profit_cny,
    {{ as_of_date() }} as published_as_of
from {{ ref('fct_order_lines_costed') }} as lines
inner join {{ ref('int_order_lines__costed') }} as costed using (order_line_key)
left join {{ ref('int_fee_rates__daily') }} as fee_rates
    on lines.shop_id = fee_rates.shop_id and lines.order_date = fee_rates.rate_date
where lines.order_date <= {{ as_of_date() }}
