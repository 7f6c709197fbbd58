-- A view: the state must age although nothing is built any more, and a source that stands still starts no build.
{{ config(materialized='view') }}
with sources as (
    select *, extract(epoch from {{ live_clock() }} - last_success_at) / 60 as lag
    from {{ ref('int_sources__last_seen') }}
)

select
    shop_id,
    entity,
    stream_name,
    shop_name,
    region,
    last_success_at,
    watermark,
    round(extract(epoch from {{ live_clock() }} - watermark) / 60, 1)::numeric(38, 1) as watermark_lag_minutes,
    last_run_at,
    last_status,
    last_error_class,
    round(lag, 1)::numeric(38, 1) as lag_minutes,
    expected_minutes,
    {{ freshness_state('lag', 'expected_minutes', 'is_paused') }} as state,
    -- Worst first: what a page with several sources shows.
    case {{ freshness_state('lag', 'expected_minutes', 'is_paused') }}
        when 'stale' then 3
        when 'late' then 2
        when 'fresh' then 1
        else 0
    end as state_rank,
    {{ live_clock() }}::timestamptz as _refreshed_at
from sources
