-- Alerts on the work itself that hold now (§7.3, §9): a shop's grade fell, a source stands still, records wait to be
-- replayed, orders are missing for a day that is long over. One row per (rule, entity_key).
with grades as (
    select
        'grade_drop' as rule, shop_id::text as entity_key, shop_id,
        score as observed, score - score_change as threshold
    from {{ ref('mart_shop_scorecard') }}
    where is_grade_drop and as_of_date = {{ as_of_date() }} -- older scores are kept beside those of today
),

sources as ( -- one that was never read has no lag
    select
        'source_stale' as rule, shop_id || ':' || entity as entity_key, shop_id,
        lag_minutes as observed, 4 * expected_minutes as threshold
    from {{ ref('mart_source_freshness') }}
    where state = 'stale'
),

letters as (
    select
        'dead_letters' as rule,
        coalesce(shop_id || ':', '') || coalesce(entity, '') as entity_key, -- either may be unknown, and is then told apart
        min(shop_id) as shop_id,
        count(*) as observed, 0 as threshold
    from {{ ref('mart_dead_letters') }}
    where is_open
    group by 2
),

gaps as (
    select
        'reconciliation_gap' as rule, shop_id || ':' || order_date as entity_key, shop_id,
        gap as observed, 0 as threshold
    from {{ ref('mart_sync_reconciliation') }}
    where is_alert
),

holding as (
    select * from grades
    union all
    select * from sources
    union all
    select * from letters
    union all
    select * from gaps
)

select
    rule,
    entity_key,
    shop_id,
    null::text as manager,
    observed::numeric(38, 4) as observed,
    threshold::numeric(38, 4) as threshold
from holding
