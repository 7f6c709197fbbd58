-- A task of ours reads one stream of one shop; what it could not store is in the dead letters.
select
    id::text as id,
    shop_id,
    stream as entity,
    mode,
    status,
    rows_read::bigint as items_total,
    greatest(rows_read - rows_dead_lettered, 0)::bigint as items_ok,
    rows_dead_lettered::bigint as items_failed,
    calls::bigint as calls,
    null::integer as retries, -- not kept: the marts count the failed runs just before
    error_class,
    error_message,
    window_start,
    window_end,
    run_id,
    started_at,
    finished_at as completed_at
from {{ source('ops', 'sync_tasks') }}
