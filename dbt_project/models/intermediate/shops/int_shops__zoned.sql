-- Shops with the IANA zone of rule T3 and whether their rows belong in the marts (Q2).
with shops as (
    {{ newest_per_id(ref('int_shops__typed'), 'updated_at desc nulls last, shop_id, shop_name') }}
),

regions as (
    select * from {{ ref('shop_regions') }}
),

known_zones as (
    select name from pg_timezone_names
)

select
    shops.id as shop_id,
    shops.shop_id as temu_shop_id,
    coalesce(shops.shop_name, 'shop ' || shops.id) as shop_name,
    upper(shops.region) as region,
    regions.country_code,
    coalesce(known_zones.name, regions.timezone, 'UTC') as timezone,
    shops.entity,
    shops.business_model,
    shops.default_manager,
    case -- a lag of years or of less than nothing is a slip
        when shops.settlement_lag_days between 0 and 366 then shops.settlement_lag_days
        else {{ var('settlement_lag_days') }}
    end as settlement_lag_days,
    coalesce(shops.is_active, true) as is_active,
    shops.last_sync_at,
    lower(coalesce(shops.environment, 'production')) = 'production' as is_production,
    coalesce(upper(shops.gateway) in ('PARTNER', 'CN'), false) as is_goods_only -- its gateway knows no orders
from shops
left join regions on upper(shops.region) = regions.region
left join known_zones on shops.timezone = known_zones.name
where shops.id is not null
