-- Completed refunds as the accounts see them (§6.5): on the day of the refund, at the rate of that day. One row per
-- refund of a sale line with known GMV (R5); a refund that names no time is booked on the business day of its line.
with refunds as (
    select *, coalesce({{ reporting_day('refund_time') }}, order_date) as accounting_date
    from {{ ref('int_refunds__attached') }}
    where quarantine_reason is null and is_of_priced_sale
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
)

select
    refunds.shop_id,
    refunds.refund_sn,
    refunds.order_line_key,
    refunds.order_date,
    refunds.accounting_date,
    round(refunds.refund_amount * {{ fx('refunds.refund_currency', 'rates.rate') }}, 2)::numeric(38, 2) as booked_cny
from refunds
left join rates on refunds.refund_currency = rates.currency and refunds.accounting_date = rates.rate_date
