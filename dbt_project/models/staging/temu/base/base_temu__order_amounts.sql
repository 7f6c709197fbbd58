{{ unpacking('order_amounts', ['shop_id', 'parent_order_sn']) }}
-- Money of parent orders out of the three dialects of the amount query, minor units: shipping income and what the
-- seller loses by cancellations and refunds.
with landed as (
    select shop_id, parent_order_sn, payload from {{ landed_since('order_amounts') }} as fresh
),

parents as (
    select
        landed.shop_id,
        landed.parent_order_sn,
        parent."basePriceTotal" as base,
        coalesce(
            parent."shippingAmountTotal",
            parent."salesProceeds" -> 'shippingTotalTaxExcl',
            parent."salesProceeds" -> 'shippingTotalTaxIncl'
        ) as shipping,
        coalesce(parent."estimatedRevenueDeduction", parent."salesProceeds" -> 'estimatedDeduction') as deduction
    from landed
    cross join lateral jsonb_to_record({{ json_object("landed.payload -> 'parentOrderMap'") }}) as parent (
        "basePriceTotal" jsonb, "shippingAmountTotal" jsonb, "estimatedRevenueDeduction" jsonb, "salesProceeds" jsonb
    )
)

select
    shop_id,
    parent_order_sn,
    upper(shipping ->> 'currency') as shipping_currency,
    {{ json_number("shipping ->> 'amount'") }} as shipping,
    upper(deduction ->> 'currency') as deduction_currency,
    {{ json_number("deduction ->> 'amount'") }} as deduction
from parents
