-- Bank transfers in the reporting currency at the rate of their day. One row per (shop_id, payout_sn) of production
-- shops; transfers without a number are all kept.
with numbered as (
    select *, coalesce(payout_sn, 'row ' || row_number() over ()) as transfer
    from {{ ref('int_payouts__typed') }}
),

newest as (
    select distinct on (shop_id, transfer)
        *, {{ n3('currency') }} as paid_currency, {{ reporting_day('paid_at') }} as paid_date
    from numbered
    order by shop_id, transfer, paid_at desc nulls last, amount desc nulls last, status
),

shops as (
    select * from {{ ref('int_shops__zoned') }} where is_production
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
)

select
    newest.shop_id,
    newest.transfer as payout_sn,
    newest.paid_at,
    newest.paid_date,
    newest.paid_currency as currency,
    newest.amount,
    round(newest.amount * {{ fx('newest.paid_currency', 'rates.rate') }}, 2)::numeric(38, 2) as amount_cny,
    newest.status,
    coalesce(lower(newest.status) in ('paid', 'success', 'succeeded', 'completed', '已打款', '已到账', '成功'), false) as is_paid
from newest
inner join shops using (shop_id)
left join rates on newest.paid_currency = rates.currency and newest.paid_date = rates.rate_date
