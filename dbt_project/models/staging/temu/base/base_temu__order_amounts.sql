{{ unpacking('order_amounts', ['shop_id', 'parent_order_sn']) }}
-- Money of parent orders out of the three dialects of the amount query, minor units: shipping income and what the
-- seller loses by cancellations and refunds. The platform renamed fields of the two younger dialects several times: a
-- missing total is the sum of its parts under whichever name they bear.
with landed as (
    select shop_id, parent_order_sn, payload from {{ landed_since('order_amounts') }} as fresh
),

parents as (
    select landed.shop_id, landed.parent_order_sn, {{ json_object("landed.payload -> 'parentOrderMap'") }} as parent
    from landed
),

sides as (
    select *, {{ json_object("parent -> 'salesProceeds'") }} as proceeds from parents
),

named as (
    select
        shop_id,
        parent_order_sn,
        coalesce(
            parent -> 'shippingAmountTotal', proceeds -> 'shippingTotalTaxExcl', proceeds -> 'shippingTotalTaxIncl'
        ) as shipping,
        coalesce(proceeds -> 'shippingCustomerTotalTaxExcl', proceeds -> 'shippingCustomerTotalTaxIncl') as shipping_of_buyer,
        coalesce(
            proceeds -> 'shippingTemuTotalTaxExcl',
            proceeds -> 'shippingTemuDiscountTotalTaxExcl',
            proceeds -> 'shippingTemuTotalTaxIncl',
            proceeds -> 'shippingTemuDiscountTotalTaxIncl'
        ) as shipping_of_platform,
        coalesce(parent -> 'estimatedRevenueDeduction', proceeds -> 'estimatedDeduction') as deduction
    from sides
)

select
    shop_id,
    parent_order_sn,
    upper(coalesce(shipping ->> 'currency', shipping_of_buyer ->> 'currency')) as shipping_currency,
    coalesce(
        {{ json_number("(shipping ->> 'amount')") }},
        {{ json_number("(shipping_of_buyer ->> 'amount')") }} + {{ json_number("(shipping_of_platform ->> 'amount')") }}
    ) as shipping,
    upper(deduction ->> 'currency') as deduction_currency,
    {{ json_number("(deduction ->> 'amount')") }} as deduction
from named
