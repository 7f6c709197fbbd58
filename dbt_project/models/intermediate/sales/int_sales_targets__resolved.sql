-- Targets as the hot-seller marts read them: months as first days, one value per key (the highest id if repeated).
-- One row per (target_month, manager, shop_id, metric); shop_id NULL = manager level.
with targets as (
    select
        {{ month_of('target_month') }} as target_month,
        manager,
        shop_id,
        lower(metric) as metric,
        target_value,
        id
    from {{ ref('int_sales_targets__typed') }}
    where target_month is not null and manager is not null and target_value is not null
),

shops as (
    select * from {{ ref('int_shops__zoned') }} where is_production
)

select distinct on (target_month, manager, shop_id, metric)
    target_month,
    manager,
    shop_id,
    metric,
    target_value
from targets
where metric in ('gmv_cny', 'units', 'profit_cny')
    and (shop_id is null or shop_id in (select shop_id from shops))
order by target_month, manager, shop_id, metric, id desc nulls last
