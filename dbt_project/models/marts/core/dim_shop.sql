with shops as (
    select * from {{ ref('int_shops__zoned') }} where is_production
),

order_days as (
    select shop_id, min(order_date) as first_order_date, max(order_date) as last_order_date
    from {{ ref('int_order_lines__placed') }}
    where quarantine_reason is null
    group by shop_id
)

select
    shops.shop_id,
    shops.temu_shop_id,
    shops.shop_name,
    shops.region,
    shops.country_code,
    shops.timezone,
    shops.entity,
    shops.business_model,
    shops.default_manager,
    shops.settlement_lag_days,
    shops.is_active,
    shops.last_sync_at,
    order_days.first_order_date,
    order_days.last_order_date,
    {{ refreshed_at() }} as _refreshed_at
from shops
left join order_days using (shop_id)
