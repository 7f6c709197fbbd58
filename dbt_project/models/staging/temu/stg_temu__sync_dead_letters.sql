select
    id,
    shop_id,
    stream as entity,
    reason_code as error_class,
    field_path,
    message as error_message,
    payload,
    run_id,
    created_at,
    resolved_at
from {{ source('ops', 'dead_letters') }}
