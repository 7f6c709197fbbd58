select
    id,
    import_type,
    file_name,
    file_hash,
    status,
    rows_ok::bigint as rows_ok,
    rows_failed::bigint as rows_failed,
    rows_skipped::bigint as rows_skipped,
    message,
    imported_by,
    started_at,
    completed_at
from {{ source('ops', 'import_history') }}
