-- Filled a second time after the build, with the verdicts of that build's own tests; see the asset that runs dbt.
with checks as (
    select distinct on (run_at, check_name)
        run_id, run_at, check_name, layer, entity, upper(severity) as severity, lower(status) as status,
        case when failed_rows >= 0 then failed_rows end as failed_rows,
        sample_keys, owner
    from {{ ref('int_check_results__typed') }}
    where run_at is not null and check_name is not null
    order by run_at, check_name, run_id desc
),

imports as ( -- what people upload is checked row by row as it lands
    select distinct on (coalesce(completed_at, started_at), id)
        'import ' || id as run_id,
        coalesce(completed_at, started_at) as run_at,
        'import: ' || coalesce(file_name, import_type, '?') as check_name,
        'raw_files' as layer,
        coalesce(import_type, 'unknown') as entity,
        'W' as severity,
        case when rows_failed > 0 or lower(status) = 'failed' then 'failed' else 'passed' end as status,
        case when rows_failed >= 0 then rows_failed end as failed_rows,
        message as sample_keys,
        'data' as owner
    from {{ ref('int_import_history__typed') }}
    where coalesce(completed_at, started_at) is not null and id is not null
    order by coalesce(completed_at, started_at), id
),

results as (
    select * from checks
    union all
    select distinct on (run_at, check_name) * from imports
),

titles as (
    select * from {{ ref('check_titles') }}
),

judged as (
    select
        *,
        status in ('failed', 'error') as is_failed,
        row_number() over (partition by check_name order by run_at desc) = 1 as is_latest,
        count(*) filter (where status = 'passed') over (partition by check_name order by run_at) as passes_before,
        count(*) filter (where status = 'passed') over last_30 as passed_of_30,
        count(*) filter (where status <> 'skipped') over last_30 as judged_of_30
    from results
    window last_30 as (partition by check_name order by run_at rows 29 preceding)
)

select
    run_id,
    run_at,
    check_name,
    -- Checks that dbt names itself say what they want in their first words; what follows is where.
    coalesce(
        titles.check_title,
        case
            when check_name like 'import: %' then '导入 / Import: ' || substr(check_name, 9)
            when check_name ~ '^unique_' then '不重复 / Unique: ' || coalesce(entity, '')
            when check_name ~ '^not_null_' then '不为空 / Not empty: ' || coalesce(entity, '')
            when check_name ~ '^accepted_values_' then '取值已知 / Known values: ' || coalesce(entity, '')
        end,
        check_name
    ) as check_title,
    layer,
    entity,
    severity,
    status,
    failed_rows,
    sample_keys,
    owner,
    is_failed,
    is_latest,
    is_latest and is_failed as is_open,
    case
        when is_failed then min(run_at) filter (where is_failed) over (partition by check_name, passes_before)
    end as failing_since,
    {{ ratio('passed_of_30', 'judged_of_30') }} as pass_rate,
    {{ reporting_day('run_at') }} as run_date,
    {{ refreshed_at() }} as _refreshed_at
from judged
left join titles using (check_name)
