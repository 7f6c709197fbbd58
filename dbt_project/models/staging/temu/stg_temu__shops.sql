select
    id,
    temu_shop_id::text as shop_id,
    shop_name,
    region,
    entity,
    business_model,
    timezone,
    default_manager,
    settlement_lag_days,
    environment,
    is_active,
    last_sync_at,
    gateway,
    updated_at
from {{ source('ops', 'shops') }}
