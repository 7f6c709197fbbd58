with imports as (
    {{ newest_per_id(ref('int_import_history__typed'), 'completed_at desc nulls last, started_at desc nulls last') }}
),

names as (
    select * from {{ ref('import_types') }}
)

select
    imports.id as import_id,
    imports.import_type,
    coalesce(names.import_type_name, imports.import_type) as import_type_name,
    imports.file_name,
    imports.imported_by,
    lower(imports.status) as status,
    case when imports.rows_ok >= 0 then imports.rows_ok end as rows_ok,
    case when imports.rows_failed >= 0 then imports.rows_failed end as rows_failed,
    case when imports.rows_skipped >= 0 then imports.rows_skipped end as rows_skipped,
    imports.message,
    imports.started_at,
    imports.completed_at,
    coalesce(lower(imports.status) = 'failed' or imports.rows_failed > 0, false) as is_failed,
    {{ refreshed_at() }} as _refreshed_at
from imports
left join names using (import_type)
where imports.id is not null
