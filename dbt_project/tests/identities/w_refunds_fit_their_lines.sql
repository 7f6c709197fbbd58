{{ config(severity='warn') }}
-- §8: a completed refund finds its line, follows the order, and takes back no more than the line holds.
with refunds as (
    select * from {{ ref('int_refunds__attached') }} where quarantine_reason is null or quarantine_reason = 'refund_unallocated'
)

select
    refunds.shop_id,
    refunds.refund_sn,
    case
        when refunds.order_line_key is null then 'no line'
        when refunds.refund_cny > lines.gmv_cny and lines.is_sale then 'more than the line is worth'
        when refunds.refund_quantity > lines.quantity then 'more units than the line has'
        else 'before the order'
    end as violation
from refunds
left join {{ ref('fct_order_lines_costed') }} as lines using (order_line_key)
where refunds.order_line_key is null
    or (refunds.refund_cny > lines.gmv_cny and lines.is_sale)
    or refunds.refund_quantity > lines.quantity
    or refunds.refund_time < lines.order_placed_at
