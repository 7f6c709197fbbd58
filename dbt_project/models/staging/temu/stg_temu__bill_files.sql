-- What is known about each file without opening it: its columns are nowhere documented.
select
    shop_id,
    file_type,
    period_start,
    period_end,
    file_name,
    payload ->> 'status' as task_status,
    {{ json_bigint("payload ->> 'bytes'") }} as file_bytes,
    payload ->> 'sha256' as sha256,
    source_updated_at as updated_at
from {{ source('raw_temu', 'bill_files') }}
