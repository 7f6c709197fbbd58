select run_id, run_at, check_name, layer, entity, severity, status, failed_rows, sample_keys::text as sample_keys, owner
from {{ source('ops', 'check_results') }}
