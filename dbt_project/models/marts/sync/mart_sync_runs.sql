with runs as (
    select * from {{ ref('int_sync_runs__measured') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    runs.task_id,
    runs.shop_id,
    shops.shop_name,
    runs.entity,
    coalesce(entities.stream_name, runs.entity) as stream_name,
    runs.mode,
    runs.status,
    runs.started_at,
    runs.completed_at,
    {{ reporting_day('runs.started_at') }} as run_date,
    runs.duration_seconds::numeric(38, 3) as duration_seconds,
    runs.items_total,
    runs.items_ok,
    runs.items_failed,
    {{ ratio('runs.items_ok', 'runs.items_total') }} as success_rate,
    runs.calls,
    runs.retries,
    runs.error_class,
    runs.error_message,
    runs.status = 'failed' as is_failed,
    runs.status = 'failed' and {{ is_api_error('runs.error_class') }} as is_api_error,
    coalesce(runs.duration_seconds > {{ longest_run_seconds() }}, false) as is_over_an_hour,
    runs.run_id,
    {{ refreshed_at() }} as _refreshed_at
from runs
left join shops using (shop_id)
left join {{ ref('sync_entities') }} as entities on runs.entity = entities.entity
