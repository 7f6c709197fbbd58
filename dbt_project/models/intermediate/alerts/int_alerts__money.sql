-- Money alerts that hold at as_of_date (§7.3); when each was first seen is for mart_money_alerts to remember. One row per
-- (rule, entity_key). Shares and amounts are compared exactly, before any rounding.
with shop_weeks as (
    select shop_id, sum(costed_net_revenue_cny) as costed_cny, sum(net_revenue_cny) as net_revenue_cny
    from {{ ref('mart_gmv_daily') }}
    where order_date > {{ as_of_date() }} - 7 and order_date <= {{ as_of_date() }}
    group by shop_id
),

uncovered as (
    select
        'cost_coverage' as rule, shop_id::text as entity_key, shop_id, null::text as manager,
        costed_cny / net_revenue_cny as observed, {{ var('cost_coverage_floor') }} as threshold
    from shop_weeks
    where net_revenue_cny > 0 and costed_cny < {{ var('cost_coverage_floor') }} * net_revenue_cny
),

currencies_in_use as (
    select distinct line_currency as currency
    from {{ ref('int_sales__by_currency_day') }}
    where order_date > {{ as_of_date() }} - 30 and line_currency <> '{{ var("reporting_currency") }}'
),

newest_rates as (
    select {{ n3('base_currency') }} as currency, max(effective_from) as effective_from
    from {{ ref('int_fx_rates__typed') }}
    where {{ n3('quote_currency') }} = '{{ var("reporting_currency") }}' and rate > 0 and effective_from <= {{ as_of_date() }}
    group by 1
),

stale_rates as ( -- a currency that never had a rate is the order alert no_fx
    select
        'stale_fx' as rule, currency as entity_key, null::bigint as shop_id, null::text as manager,
        ({{ as_of_date() }} - newest_rates.effective_from)::numeric as observed, {{ var('fx_stale_days') }} as threshold
    from currencies_in_use
    inner join newest_rates using (currency)
    where {{ as_of_date() }} - newest_rates.effective_from > {{ var('fx_stale_days') }}
),

month_days as (
    select
        {{ month_of(as_of_date()) }} as month_start,
        extract(day from {{ as_of_date() }})::numeric as days_gone,
        extract(day from {{ month_of(as_of_date()) }} + interval '1 month' - interval '1 day')::numeric as days_in_month
),

days_not_gone as ( -- the pace counts complete days, so what today sold does not count either
    select {{ month_of('order_date') }} as month_start, manager, sum(gmv_cny) as gmv_cny
    from {{ ref('mart_manager_daily') }}
    where order_date > {{ as_of_date() }}
    group by 1, 2
),

managers as (
    select
        months.month_start, months.manager, months.target_gmv_cny,
        months.gmv_cny - coalesce(days_not_gone.gmv_cny, 0) as gmv_cny
    from {{ ref('mart_hot_seller_monthly') }} as months
    left join days_not_gone using (month_start, manager)
),

behind_pace as (
    select
        'target_pace' as rule, managers.manager as entity_key, null::bigint as shop_id, managers.manager,
        managers.gmv_cny / managers.target_gmv_cny as observed,
        {{ var('target_pace_floor') }} * month_days.days_gone / month_days.days_in_month as threshold
    from managers
    inner join month_days using (month_start)
    where managers.target_gmv_cny > 0
        and managers.gmv_cny * month_days.days_in_month
        < {{ var('target_pace_floor') }} * month_days.days_gone * managers.target_gmv_cny
),

overdue as ( -- money owed, from the calendar; its days are no part of the alert
    select
        'collection_overdue' as rule, shop_id::text as entity_key, shop_id, null::text as manager,
        sum(outstanding_cny) as observed, 0 as threshold
    from {{ ref('mart_collection_calendar') }}
    where state = 'overdue'
    group by shop_id
    having sum(outstanding_cny) > 0
),

off_expectation as (
    select
        'settlement_variance' as rule, shop_id || ':' || parent_key as entity_key, shop_id, manager,
        variance_cny as observed,
        greatest(
            {{ var('settlement_variance_cny') }}, {{ var('settlement_variance_share') }} * abs(expected_amount_cny)
        ) as threshold
    from {{ ref('fct_collections') }}
    where is_beyond_tolerance
),

holding as (
    select * from overdue
    union all
    select * from off_expectation
    union all
    select * from uncovered
    union all
    select * from stale_rates
    union all
    select * from behind_pace
)

select
    rule,
    entity_key,
    shop_id,
    manager,
    round(observed, 4)::numeric(38, 4) as observed,
    round(threshold, 4)::numeric(38, 4) as threshold
from holding
