-- Completed refunds one by one (R1); what they take off a line together is in the line (R2), at most its GMV.
with refunds as (
    select * from {{ ref('int_refunds__attached') }} where quarantine_reason is null and is_of_priced_sale
),

lines as (
    select * from {{ ref('fct_order_lines_costed') }}
)

select
    refunds.shop_id,
    refunds.refund_sn,
    refunds.order_sn,
    lines.parent_key,
    lines.sku_code,
    lines.product_name,
    lines.category,
    lines.manager,
    lines.shop_name,
    lines.region,
    lines.entity,
    lines.business_model,
    refunds.order_date,
    {{ reporting_day('refunds.refund_time') }} as refund_date,
    case
        when {{ reporting_day('refunds.refund_time') }} >= refunds.order_date
            then {{ reporting_day('refunds.refund_time') }} - refunds.order_date
    end as days_to_refund,
    refunds.refund_quantity as units_refunded,
    refunds.is_restocked,
    refunds.refund_cny as refund_amount_cny,
    {{ refreshed_at() }} as _refreshed_at
from refunds
inner join lines using (order_line_key)
