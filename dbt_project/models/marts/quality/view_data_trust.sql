-- How far the numbers can be trusted, beside the numbers themselves: a view, because sources age between two builds.
{{ config(materialized='view') }}
with sources as (
    select
        shop_id,
        max(state_rank) as freshness_rank,
        count(*) filter (where state = 'late') as late_sources,
        count(*) filter (where state = 'stale') as stale_sources,
        max(watermark) filter (where entity = 'orders') as orders_until,
        -- the last success, not the watermark: that stands still where nothing is sold; a paused shop has no more to come
        {{ reporting_day("max(last_success_at) filter (where entity = 'orders' and state <> 'paused')") }} - 1 as complete_to
    from {{ ref('mart_source_freshness') }}
    group by shop_id
),

quarantine as (
    select shop_id, count(*) as rows_aside
    from {{ ref('dq_quarantined_rows') }}
    where reason <> 'sandbox_shop'
    group by shop_id
),

company as (
    select
        (select max(date_day) from {{ ref('dim_date') }} where is_complete) as complete_to,
        -- the currency that waits longest for news
        (select min(effective_from) from {{ ref('view_fx_rates') }} where rate_date = {{ as_of_date() }}) as rates_from,
        (select count(*) from {{ ref('dq_quarantined_rows') }} where reason <> 'sandbox_shop') as open_quarantine,
        (select count(*) from {{ ref('mart_dq_results') }} where is_open and severity = 'E') as open_errors,
        (select count(*) from {{ ref('mart_dq_results') }} where is_open and severity = 'W') as open_warnings
)

select
    days.order_date,
    days.shop_id,
    days.shop_name,
    days.region,
    days.entity,
    days.business_model,
    days.net_revenue_cny,
    days.costed_net_revenue_cny,
    days.order_lines,
    days.unpriced_lines,
    days.uncosted_lines,
    counted.reported_orders,
    case when counted.reported_orders is not null then counted.loaded_orders end as counted_orders,
    sources.orders_until,
    coalesce(sources.freshness_rank, 3) as freshness_rank,
    coalesce(sources.late_sources, 0) as late_sources,
    coalesce(sources.stale_sources, 0) as stale_sources,
    coalesce(quarantine.rows_aside, 0) as shop_quarantine,
    least(company.complete_to, sources.complete_to) as complete_to,
    greatest(company.complete_to - sources.complete_to, 0) as days_behind,
    company.rates_from,
    company.open_quarantine,
    company.open_errors,
    company.open_warnings,
    days._refreshed_at
from {{ ref('mart_gmv_daily') }} as days
cross join company
left join {{ ref('mart_sync_reconciliation') }} as counted
    on days.shop_id = counted.shop_id and days.order_date = counted.order_date
left join sources on days.shop_id = sources.shop_id
left join quarantine on days.shop_id = quarantine.shop_id
