-- What each stage has of the records of a day, and why they differ. Filled a second time after the build, with the lines
-- that were counted on that very build; see the asset that counts them.
with lines as (
    select distinct on (shop_id, entity, ledger_date) *
    from {{ ref('int_sync_ledger__typed') }}
    where shop_id is not null and entity is not null
    order by shop_id, entity, ledger_date, counted_at desc nulls last, run_id, landed_records, causes
),

told as (
    select
        *,
        case when pg_input_is_valid(causes, 'jsonb') and causes ~ '^\s*[{]' then causes::jsonb else '{}' end as records_by_cause
    from lines
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    told.ledger_date,
    told.shop_id,
    shops.shop_name,
    shops.region,
    told.entity,
    case told.entity
        when 'order_lines' then '订单明细 Order lines' else coalesce(entities.stream_name, told.entity)
    end as stream_name,
    told.reported_records,
    coalesce(told.landed_records, 0) as landed_records,
    coalesce(told.set_aside_records, 0) as set_aside_records,
    told.staged_records,
    told.mart_records,
    coalesce(told.explained_records, 0) as explained_records,
    coalesce(told.unexplained_records, 0) as unexplained_records,
    (
        select string_agg(
            coalesce(names.cause_name, found.cause) || ' ' || found.records, ' · ' order by names.position, found.cause
        )
        from jsonb_each_text(told.records_by_cause) as found (cause, records)
        left join {{ ref('ledger_causes') }} as names on found.cause = names.cause
    ) as causes,
    coalesce(told.unexplained_records > 0, false) as is_alert,
    told.counted_at,
    {{ refreshed_at() }} as _refreshed_at
from told
left join shops using (shop_id)
left join {{ ref('sync_entities') }} as entities on told.entity = entities.entity
