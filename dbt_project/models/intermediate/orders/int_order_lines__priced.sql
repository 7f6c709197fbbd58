-- Lines with their amount (P), rate (F) and GMV. One row per order line of production shops, every status.
{{ following('parents', above='int_order_lines__matched') }}
with lines as (
    select * from {{ ref('int_order_lines__matched') }} {{ only_touched('parents') }}
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
),

priced as (
    select
        *,
        case
            when total_price > 0 then 'order_total'
            when unit_price > 0 then 'order_unit'
            when current_price > 0 then 'product_supply'
            else 'missing'
        end as price_source
    from lines
),

amounts as (
    select
        *,
        case price_source
            when 'order_total' then total_price
            when 'order_unit' then unit_price * quantity
            when 'product_supply' then current_price * quantity
        end as line_amount,
        case
            when price_source in ('order_total', 'order_unit') then order_currency
            when price_source = 'product_supply' then product_currency
        end as line_currency
    from priced
),

converted as (
    select
        amounts.*,
        {{ fx('amounts.line_currency', 'rates.rate') }} as fx_rate
    from amounts
    left join rates on amounts.line_currency = rates.currency and amounts.order_date = rates.rate_date
)

select
    *,
    case when is_sale then quantity else 0 end as units,
    case when is_sale then round(line_amount * fx_rate, 2) else 0.00 end::numeric(38, 2) as gmv_cny
from converted
