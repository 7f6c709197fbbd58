-- What is known of each source: last success, watermark, how often news is expected. One row per shop and entity that was
-- ever read, and per shop and entity that its gateway must have: orders and listings, or else cross-border goods (§9).
with shops as (
    select shop_id, shop_name, region, is_active, is_production, is_goods_only from {{ ref('int_shops__zoned') }}
),

entities as (
    select * from {{ ref('sync_entities') }}
),

cursors as (
    select shop_id, entity, max(last_synced_at) as watermark
    from {{ ref('int_sync_cursors__typed') }}
    where entity is not null
    group by shop_id, entity
),

runs as (
    select
        shop_id,
        entity,
        max(completed_at) filter (where status = 'completed') as last_success_at,
        max(started_at) as last_run_at,
        (array_agg(status order by started_at desc nulls last, task_id desc))[1] as last_status,
        (array_agg(error_class order by started_at desc nulls last, task_id desc))[1] as last_error_class
    from {{ ref('int_sync_runs__measured') }}
    group by shop_id, entity
),

sources as (
    select shop_id, entity from cursors
    union
    select shop_id, entity from runs
    union
    select shops.shop_id, entities.entity
    from shops
    inner join entities on coalesce(entities.is_goods_only, false) = coalesce(shops.is_goods_only, false)
    where entities.is_expected
)

select
    sources.shop_id,
    sources.entity,
    coalesce(entities.stream_name, sources.entity) as stream_name,
    shops.shop_name,
    shops.region,
    not (shops.is_active and shops.is_production) as is_paused,
    coalesce(runs.last_success_at, cursors.watermark) as last_success_at,
    cursors.watermark,
    runs.last_run_at,
    runs.last_status,
    runs.last_error_class,
    coalesce(entities.expected_minutes, 360) as expected_minutes
from sources
inner join shops using (shop_id)
left join cursors using (shop_id, entity)
left join runs using (shop_id, entity)
left join entities using (entity)
