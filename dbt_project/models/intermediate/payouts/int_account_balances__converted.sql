-- Balances in the reporting currency at the rate of their day. One row per (shop_id, currency, snapshot_at) of
-- production shops.
with newest as (
    select distinct on (shop_id, {{ n3('currency') }}, snapshot_at)
        shop_id, {{ n3('currency') }} as currency, snapshot_at, available, frozen,
        {{ reporting_day('snapshot_at') }} as snapshot_date
    from {{ ref('int_account_balances__typed') }}
    where snapshot_at is not null
    order by shop_id, {{ n3('currency') }}, snapshot_at, available desc nulls last, frozen desc nulls last
),

shops as (
    select * from {{ ref('int_shops__zoned') }} where is_production
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
)

select
    newest.*,
    round(newest.available * {{ fx('newest.currency', 'rates.rate') }}, 2)::numeric(38, 2) as available_cny,
    round(newest.frozen * {{ fx('newest.currency', 'rates.rate') }}, 2)::numeric(38, 2) as frozen_cny,
    row_number() over (
        partition by newest.shop_id, newest.currency, newest.snapshot_date order by newest.snapshot_at desc
    ) = 1 as is_last_of_day,
    row_number() over (partition by newest.shop_id, newest.currency order by newest.snapshot_at desc) = 1 as is_latest
from newest
inner join shops using (shop_id)
left join rates on newest.currency = rates.currency and newest.snapshot_date = rates.rate_date
