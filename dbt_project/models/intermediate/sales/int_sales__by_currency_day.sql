-- What the accounts need of the lines, in one pass: amounts by business day, each summed over the lines where it is
-- known, beside what §6.2 sums over lines with known profit. One row per (shop_id, order_date, line_currency).
{{ following('days', above='fct_order_lines_costed') }}
with lines as not materialized (
    select * from {{ ref('fct_order_lines_costed') }} {{ only_touched('days') }}
)

select
    shop_id,
    order_date,
    line_currency,
    coalesce(sum(gmv_cny), 0)::numeric(38, 2) as gmv_cny,
    coalesce(sum(line_amount) filter (where is_sale and gmv_cny is not null), 0)::numeric(38, 6) as gmv_original,
    count(*) filter (where is_sale and gmv_cny is null) as unpriced_lines,
    coalesce(sum(cogs_cny), 0)::numeric(38, 2) as cogs_cny,
    count(*) filter (where is_sale and cogs_cny is null) as uncosted_lines,
    coalesce(sum(platform_fee_cny), 0)::numeric(38, 2) as platform_fee_cny,
    coalesce(sum(payment_fee_cny), 0)::numeric(38, 2) as payment_fee_cny,
    coalesce(sum(refund_cny), 0)::numeric(38, 2) as refund_cny,
    coalesce(sum(refund_cny) filter (where refund_inferred), 0)::numeric(38, 2) as inferred_refund_cny,
    count(*) filter (where refund_inferred and refund_cny is null) as unknown_inferred_refunds,
    coalesce(sum(charges_cny), 0)::numeric(38, 2) as charges_cny,
    coalesce(sum(profit_cny), 0)::numeric(38, 2) as profit_cny,
    coalesce(
        sum(
            coalesce(net_revenue_cny, 0) - coalesce(cogs_cny, 0) - coalesce(platform_fee_cny, 0)
            - coalesce(payment_fee_cny, 0) - charges_cny
        ) filter (where profit_cny is null),
        0
    )::numeric(38, 2) as left_out_cny
from lines
group by shop_id, order_date, line_currency
