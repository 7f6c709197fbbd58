with payouts as (
    select
        paid_date as cash_date,
        shop_id,
        currency,
        sum(amount) filter (where is_paid) as paid,
        sum(amount_cny) filter (where is_paid) as paid_cny,
        sum(amount_cny) filter (where not is_paid) as pending_cny,
        count(*) as payouts
    from {{ ref('int_payouts__converted') }}
    where paid_date is not null
    group by 1, 2, 3
),

balances as (
    select snapshot_date as cash_date, shop_id, currency, available, frozen, available_cny, frozen_cny
    from {{ ref('int_account_balances__converted') }}
    where is_last_of_day
),

days as (
    select cash_date, shop_id, currency from payouts
    union
    select cash_date, shop_id, currency from balances
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    days.cash_date,
    days.shop_id,
    days.currency,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    coalesce(payouts.payouts, 0) as payouts,
    payouts.paid::numeric(38, 6) as paid,
    payouts.paid_cny::numeric(38, 2) as paid_cny,
    payouts.pending_cny::numeric(38, 2) as pending_cny,
    balances.available::numeric(38, 6) as available,
    balances.frozen::numeric(38, 6) as frozen,
    balances.available_cny,
    balances.frozen_cny,
    {{ refreshed_at() }} as _refreshed_at
from days
inner join shops using (shop_id)
left join payouts -- a currency may be unknown
    on days.cash_date = payouts.cash_date
    and days.shop_id = payouts.shop_id
    and days.currency is not distinct from payouts.currency
left join balances
    on days.cash_date = balances.cash_date
    and days.shop_id = balances.shop_id
    and days.currency is not distinct from balances.currency
