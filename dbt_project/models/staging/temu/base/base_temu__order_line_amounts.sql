{{ unpacking('order_amounts', ['shop_id', 'parent_order_sn']) }}
-- Money of child orders out of the three dialects of the amount query, minor units, for the original quantity (§3.6).
with landed as (
    select shop_id, parent_order_sn, payload from {{ landed_since('order_amounts') }} as fresh
),

lines as (
    select
        landed.shop_id,
        landed.parent_order_sn,
        line."orderSn" as order_sn,
        upper(coalesce(line."unitBasePrice" ->> 'currency', line."basePrice" ->> 'currency', line."basePriceTotal" ->> 'currency'))
            as currency,
        {{ json_number('line.quantity') }} as original_quantity,
        {{ json_number("line.\"unitBasePrice\" ->> 'amount'") }} as unit_base,
        {{ json_number("coalesce(line.\"basePrice\" ->> 'amount', line.\"basePriceTotal\" ->> 'amount')") }} as base,
        {{ json_number("coalesce(line.\"discountFromSeller\" ->> 'amount', line.\"basePriceSellerDiscount\" ->> 'amount')") }}
            as seller_discount,
        {{ json_number("line.\"basePriceOff\" ->> 'amount'") }} as price_off,
        {{ json_number("line.\"basePriceDiscountedTotal\" ->> 'amount'") }} as discounted
    from landed
    cross join lateral jsonb_to_recordset({{ json_array("landed.payload -> 'orderList'") }}) as line (
        "orderSn" text, quantity text, "unitBasePrice" jsonb, "basePrice" jsonb, "basePriceTotal" jsonb,
        "discountFromSeller" jsonb, "basePriceSellerDiscount" jsonb, "basePriceOff" jsonb, "basePriceDiscountedTotal" jsonb
    )
)

select distinct on (shop_id, parent_order_sn, order_sn)
    shop_id,
    parent_order_sn,
    order_sn,
    currency,
    nullif(original_quantity, 0) as original_quantity,
    coalesce(unit_base, base / nullif(original_quantity, 0)) as unit_base,
    {{ from_minor_units('coalesce(unit_base, base / nullif(original_quantity, 0))', 'currency') }} as unit_price,
    coalesce(
        discounted,
        coalesce(base, unit_base * original_quantity) - coalesce(seller_discount, 0) - coalesce(price_off, 0)
    ) as net_base
from lines
where order_sn is not null
order by shop_id, parent_order_sn, order_sn, base desc nulls last, unit_base desc nulls last
