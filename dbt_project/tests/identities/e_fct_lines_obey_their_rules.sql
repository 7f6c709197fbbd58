{{ config(severity='error') }}
-- §8 on lines: S4, R, P, C4, E and L hold on each of them.
with lines as (
    select * from {{ ref('fct_order_lines_costed') }}
),

violations as (
    select
        order_line_key,
        case
            when is_sale <> (
                status in ('paid', 'shipped', 'delivered', 'completed', 'refunded') and coalesce(quantity, 0) >= 1
            ) then 'S4 is_sale'
            when not is_sale and not coalesce(
                gmv_cny = 0 and refund_cny = 0 and cogs_cny = 0 and platform_fee_cny = 0 and payment_fee_cny = 0
                and units = 0,
                false
            ) then 'a non-sale has amounts'
            when refund_cny < 0 or refund_cny > gmv_cny then 'R2 refund outside 0..gmv'
            when is_sale and (gmv_cny is null) <> (price_source = 'missing' or fx_rate is null) then 'P, F gmv unknown'
            when (gmv_cny is null) <> (net_revenue_cny is null) then 'R5 net revenue unknown'
            when (cogs_cny is null) <> (cost_status in ('no_product', 'no_cost', 'gap', 'no_fx')) then 'C4 cogs unknown'
            when (profit_cny is null) <> (gmv_cny is null or cogs_cny is null) then 'L profit unknown'
            when profit_cny <> net_revenue_cny - cogs_cny - platform_fee_cny - payment_fee_cny - charges_cny
                then 'L profit identity'
            when gross_profit_cny <> net_revenue_cny - cogs_cny then 'L gross profit identity'
        end as violation
    from lines
)

select * from violations where violation is not null
