-- Runs of the loader (newest version per id) with duration and the failed runs that came just before. One row per id.
with tasks as (
    select distinct on (id) *
    from {{ ref('int_sync_tasks__typed') }}
    where id is not null
    order by id, completed_at desc nulls last, started_at desc nulls last, status
),

ordered as (
    select
        *,
        lower(status) as run_status,
        -- A run belongs to the streak that the last success before it opened.
        count(*) filter (where lower(status) = 'completed') over (
            partition by shop_id, entity order by started_at nulls first, id
            rows between unbounded preceding and 1 preceding
        ) as streak
    from tasks
),

numbered as (
    select
        *,
        row_number() over (partition by shop_id, entity, streak order by started_at nulls first, id) - 1 as failed_before
    from ordered
)

select
    id as task_id,
    shop_id,
    coalesce(entity, 'unknown') as entity,
    mode,
    case when run_status in ('pending', 'running', 'completed', 'failed') then run_status else 'unknown' end as status,
    started_at,
    completed_at,
    case
        when completed_at >= started_at then round(extract(epoch from completed_at - started_at), 3)
    end as duration_seconds,
    case when items_total between 0 and 1000000000000 then items_total end as items_total,
    case when items_ok between 0 and 1000000000000 then items_ok end as items_ok,
    case when items_failed between 0 and 1000000000000 then items_failed end as items_failed,
    case when calls between 0 and 1000000000000 then calls end as calls,
    case when retries >= 0 then retries::bigint else failed_before end as retries,
    error_class,
    error_message,
    run_id
from numbered
