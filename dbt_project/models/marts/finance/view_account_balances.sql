with balances as (
    select * from {{ ref('int_account_balances__converted') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    balances.shop_id,
    balances.currency,
    balances.snapshot_at,
    balances.snapshot_date,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    balances.available::numeric(38, 6) as available,
    balances.frozen::numeric(38, 6) as frozen,
    balances.available_cny,
    balances.frozen_cny,
    balances.is_latest,
    {{ refreshed_at() }} as _refreshed_at
from balances
inner join shops using (shop_id)
