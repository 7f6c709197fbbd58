select
    id,
    task_id::text as task_id,
    shop_id,
    stream as entity,
    item_key,
    status,
    message,
    run_id,
    logged_at
from {{ source('ops', 'sync_logs') }}
