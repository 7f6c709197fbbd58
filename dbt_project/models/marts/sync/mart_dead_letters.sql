with letters as (
    {{ newest_per_id(ref('int_sync_dead_letters__typed'), 'resolved_at desc nulls last, created_at desc nulls last') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    letters.id,
    letters.shop_id,
    shops.shop_name,
    letters.entity,
    coalesce(entities.stream_name, letters.entity) as stream_name,
    letters.error_class,
    letters.field_path,
    letters.error_message,
    letters.run_id,
    letters.created_at,
    letters.resolved_at,
    letters.resolved_at is null as is_open,
    case
        when letters.resolved_at is null
            then round((extract(epoch from {{ refreshed_at() }} - letters.created_at) / 3600)::numeric, 1)
    end::numeric(38, 1) as age_hours,
    {{ refreshed_at() }} as _refreshed_at
from letters
left join shops using (shop_id)
left join {{ ref('sync_entities') }} as entities on letters.entity = entities.entity
