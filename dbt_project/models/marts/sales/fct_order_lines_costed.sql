{{ following('parents', above='int_order_lines__costed', tells_days=true, schema_change='append_new_columns') }}
{#- Screens read spans of days, the newest lines first, and single orders. #}
{{ config(indexes=[
    {'columns': ['order_date', 'order_placed_at']}, {'columns': ['parent_order_sn']}, {'columns': ['order_sn']},
]) }}
{{ reading_seed('us_states') }}
with lines as (
    select * from {{ ref('int_order_lines__costed') }} {{ only_touched('parents') }}
),

charges as (
    select * from {{ ref('int_order_charges__allocated') }}
),

fee_rates as (
    select * from {{ ref('int_fee_rates__daily') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

us_states as (
    select * from {{ spelled_us_states() }} as spelled
),

deducted as ( -- E, A
    select
        lines.*,
        case when lines.is_sale then round(fee_rates.platform_rate * lines.net_revenue_cny, 2) else 0.00 end
            as platform_fee_cny,
        case when lines.is_sale then round(fee_rates.payment_rate * lines.gmv_cny, 2) else 0.00 end
            as payment_fee_cny,
        coalesce(charges.charges_cny, 0.00) as charges_cny
    from lines
    left join charges using (order_line_key)
    left join fee_rates on lines.shop_id = fee_rates.shop_id and lines.order_date = fee_rates.rate_date
),

profits as ( -- L: NULL when GMV or cost is unknown
    select
        *,
        net_revenue_cny - cogs_cny as gross_profit_cny,
        net_revenue_cny - cogs_cny - platform_fee_cny - payment_fee_cny - charges_cny as profit_cny,
        net_revenue_cny - est_cogs_cny - platform_fee_cny - payment_fee_cny - charges_cny as profit_est_cny
    from deducted
)

select
    profits.order_line_key,
    profits.order_line_id,
    profits.shop_id,
    profits.order_sn,
    profits.product_sku,
    profits.spu_id,
    profits.parent_key,
    profits.parent_order_sn,
    profits.status,
    profits.is_sale,
    profits.order_placed_at,
    profits.order_date,
    profits.order_date_local,
    profits.order_date_utc,
    profits.order_hour_local,
    profits.order_weekday_local,
    profits.match_method,
    profits.matched_product_id,
    profits.product_sku_id,
    profits.sku_code,
    profits.catalogue_name as product_name,
    profits.category,
    profits.manager,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    profits.quantity,
    profits.units,
    profits.price_source,
    profits.line_amount::numeric(38, 6) as line_amount,
    profits.line_currency,
    profits.fx_rate::numeric(38, 10) as fx_rate,
    profits.gmv_cny,
    profits.refund_cny,
    profits.units_refunded::bigint as units_refunded,
    profits.refund_inferred,
    profits.net_revenue_cny,
    profits.cost_status,
    profits.cost_overlap,
    profits.unit_cost_cny::numeric(38, 4) as unit_cost_cny,
    profits.cogs_units::bigint as cogs_units,
    profits.cogs_cny,
    profits.est_cogs_cny,
    profits.platform_fee_cny::numeric(38, 2) as platform_fee_cny,
    profits.payment_fee_cny::numeric(38, 2) as payment_fee_cny,
    profits.charges_cny::numeric(38, 2) as charges_cny,
    profits.gross_profit_cny::numeric(38, 2) as gross_profit_cny,
    profits.profit_cny::numeric(38, 2) as profit_cny,
    profits.profit_est_cny::numeric(38, 2) as profit_est_cny,
    {{ ratio('profits.profit_cny', 'profits.net_revenue_cny') }} as profit_margin,
    profits.shipping_time,
    profits.delivery_time,
    profits.shipping_country,
    profits.shipping_state,
    us_states.state_code as shipping_state_code,
    profits.fulfillment_type,
    profits.package_sn,
    {{ refreshed_at() }} as _refreshed_at
from profits
inner join shops using (shop_id)
left join us_states on profits.shipping_country = 'US' and upper(profits.shipping_state) = us_states.spelling
