-- Judged against the thresholds of §9; a run that has not ended is neither a success nor a failure yet.
with runs as (
    select * from {{ ref('mart_sync_runs') }} where run_date is not null
),

days as (
    select
        run_date,
        shop_id,
        max(shop_name) as shop_name,
        entity,
        max(stream_name) as stream_name,
        count(*) as runs,
        count(*) filter (where status in ('completed', 'failed')) as ended_runs,
        count(*) filter (where is_failed) as failed_runs,
        count(*) filter (where is_api_error) as api_error_runs,
        count(*) filter (where is_over_an_hour) as runs_over_an_hour,
        sum(retries)::bigint as retries,
        sum(items_total)::bigint as items_total,
        sum(items_ok)::bigint as items_ok,
        sum(items_failed)::bigint as items_failed,
        percentile_cont(0.5) within group (order by duration_seconds) as duration_p50,
        percentile_cont(0.95) within group (order by duration_seconds) as duration_p95,
        max(duration_seconds) as longest_seconds
    from runs
    group by run_date, shop_id, entity
),

backlogs as ( -- parent orders whose detail is still to be read, by the runs that read it
    select shop_id, 'order_details' as entity, count(*) as pending
    from {{ ref('int_order_detail_tasks__typed') }}
    where lower(status) = 'pending'
    group by shop_id
),

waiting as ( -- what waits now stands on the newest day: of the days before, nobody counted
    select
        days.*,
        case
            when days.entity = 'order_details'
                and days.run_date = max(days.run_date) over (partition by days.shop_id, days.entity)
                then coalesce(backlogs.pending, 0)
        end as backlog
    from days
    left join backlogs using (shop_id, entity)
)

select
    run_date,
    shop_id,
    shop_name,
    entity,
    stream_name,
    runs,
    ended_runs,
    failed_runs,
    api_error_runs,
    runs_over_an_hour,
    retries,
    items_total,
    items_ok,
    items_failed,
    round(duration_p50::numeric, 3)::numeric(38, 3) as duration_p50_seconds,
    round(duration_p95::numeric, 3)::numeric(38, 3) as duration_p95_seconds,
    longest_seconds::numeric(38, 3) as longest_seconds,
    {{ ratio('failed_runs', 'ended_runs') }} as failure_rate,
    {{ ratio('api_error_runs', 'ended_runs') }} as api_error_rate,
    {{ ratio('items_ok', 'items_total') }} as success_rate,
    backlog,
    failed_runs > 0.10 * ended_runs or api_error_runs > 0.05 * ended_runs or runs_over_an_hour > 0
    or coalesce(backlog > {{ longest_backlog() }}, false) as is_alert,
    {{ refreshed_at() }} as _refreshed_at
from waiting
