with payouts as (
    select * from {{ ref('int_payouts__converted') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    payouts.shop_id,
    payouts.payout_sn,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    payouts.paid_at,
    payouts.paid_date,
    payouts.currency,
    payouts.amount::numeric(38, 6) as amount,
    payouts.amount_cny,
    payouts.status,
    payouts.is_paid,
    {{ refreshed_at() }} as _refreshed_at
from payouts
inner join shops using (shop_id)
