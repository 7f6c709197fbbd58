-- Completed refunds (R1) with the line they belong to and their value at the rate of that line's
-- business day (R2). One row per (shop_id, refund_sn); `quarantine_reason` says why one attaches to nothing (Q).
with refunds as (
    select * from {{ ref('int_refunds__deduplicated') }} where status = 'completed'
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
),

lines as (
    select
        order_line_key, shop_id, order_sn, product_sku, spu_id, is_sale, order_date, gmv_cny,
        count(*) over (partition by shop_id, order_sn) as lines_of_order_sn
    from {{ ref('int_order_lines__priced') }}
    where (shop_id, order_sn) in (select shop_id, order_sn from refunds)
),

candidates as (
    select distinct on (refunds.shop_id, coalesce(refunds.refund_sn, refunds.source_id))
        refunds.*, lines.order_line_key, lines.order_date, lines.is_sale, lines.gmv_cny as line_gmv_cny
    from refunds
    left join lines
        on refunds.shop_id = lines.shop_id
        and refunds.order_sn = lines.order_sn
        and case when refunds.sku is null then lines.lines_of_order_sn = 1 else refunds.sku = lines.product_sku end
    -- Two styles may share one code within an order: a sale goes first, then the order of the styles.
    order by
        refunds.shop_id, coalesce(refunds.refund_sn, refunds.source_id),
        lines.is_sale desc nulls last, lines.spu_id nulls first
)

select
    candidates.id,
    candidates.shop_id,
    candidates.refund_sn,
    candidates.order_sn,
    candidates.order_line_key,
    case
        when candidates.refund_quantity between 0 and 1000000000 then candidates.refund_quantity
    end as refund_quantity,
    candidates.is_restocked,
    candidates.refund_time,
    candidates.refund_amount,
    candidates.refund_currency,
    candidates.order_date,
    candidates.is_sale and candidates.line_gmv_cny is not null as is_of_priced_sale, -- R5
    round(candidates.refund_amount * {{ fx('candidates.refund_currency', 'rates.rate') }}, 2) as refund_cny,
    case
        when shops.shop_id is null then 'orphan_shop'
        when not shops.is_production then 'sandbox_shop'
        when candidates.order_line_key is null then 'refund_unallocated' -- Q4
    end as quarantine_reason
from candidates
left join shops using (shop_id)
left join rates on candidates.refund_currency = rates.currency and candidates.order_date = rates.rate_date
