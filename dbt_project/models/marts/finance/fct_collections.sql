-- Tables on a screen read one parent, a span of days, or the few that are off: by index; sums are read from the calendar.
{{ config(indexes=[{'columns': ['shop_id', 'parent_key']}, {'columns': ['order_date']}],
    post_hook="create index on {{ this }} (collected_date) where is_beyond_tolerance") }}
with parents as (
    select
        *,
        {{ reporting_day('shipped_at') }} as shipped_date,
        {{ reporting_day('delivered_at') }} as delivered_date
    from {{ ref('int_parents__summed') }}
    where sale_lines > 0
),

charges as (
    select * from {{ ref('int_order_charges__by_parent') }}
),

settlements as (
    select * from {{ ref('int_settlements__by_parent') }} where parent_key <> ''
),

open_cases as (
    select * from {{ ref('int_refunds__deduplicated') }} where status in ('requested', 'approved')
),

parents_with_open_cases as (
    select distinct lines.shop_id, lines.parent_key
    from {{ ref('int_order_lines__placed') }} as lines
    inner join open_cases using (shop_id, order_sn)
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

transits as (
    select
        shop_id,
        round((percentile_cont(0.5) within group (order by delivered_date - shipped_date))::numeric)::integer as median_days
    from parents
    where delivered_date > {{ as_of_date() }} - 90 and delivered_date <= {{ as_of_date() }} and delivered_date >= shipped_date
    group by shop_id
),

states as (
    select * from {{ ref('collection_states') }}
),

joined as (
    select
        parents.*,
        shops.shop_name,
        shops.region,
        shops.entity,
        shops.business_model,
        shops.settlement_lag_days,
        {%- for kind in ['penalty', 'label', 'other_fee', 'subsidy', 'freight_income'] %}
        coalesce(charges.{{ kind }}_cny, 0.00) as {{ kind }}_cny,
        {%- endfor %}
        coalesce(settlements.settlement_lines, 0) as settlement_lines,
        settlements.settled_date as collected_date,
        case when settlements.shop_id is null then 0.00 else settlements.revenue_cny end as collected_cny,
        parents_with_open_cases.shop_id is not null as has_open_refund,
        coalesce(transits.median_days, {{ var('transit_days_default') }}) as transit_days
    from parents
    inner join shops using (shop_id)
    left join charges using (shop_id, parent_key)
    left join settlements using (shop_id, parent_key)
    left join parents_with_open_cases using (shop_id, parent_key)
    left join transits using (shop_id)
),

forecast as (
    select
        *,
        settlement_lines > 0 as is_settled,
        net_revenue_cny - platform_fee_cny - payment_fee_cny - penalty_cny - label_cny - other_fee_cny
        + subsidy_cny + freight_income_cny as expected_amount_cny, -- freight forwarders are not paid by the platform
        case
            when delivered_date is not null then delivered_date + settlement_lag_days
            when shipped_date is not null then shipped_date + least(
                transit_days + settlement_lag_days, {{ var('undelivered_settlement_days') }}
            )
        end as forecast_date
    from joined
),

dated as (
    select
        *,
        case when is_settled then collected_date else forecast_date end as expected_date,
        case when is_settled then collected_cny - expected_amount_cny end as variance_cny
    from forecast
),

stated as (
    select
        *,
        case
            when is_settled then 'settled'
            when expected_amount_cny <= 0 then 'nil'
            when has_open_refund then 'held'
            when delivered_date is null and shipped_date is null then 'not_started'
            when delivered_date is null then 'projected'
            when expected_date + {{ var('settlement_grace_days') }} < {{ as_of_date() }} then 'overdue'
            when expected_date <= {{ as_of_date() }} then 'due'
            else 'expected'
        end as state
    from dated
)

select
    stated.shop_id,
    stated.parent_key,
    stated.shop_name,
    stated.region,
    stated.entity,
    stated.business_model,
    stated.manager,
    stated.order_date,
    stated.sale_lines,
    stated.units_sold,
    stated.unpriced_lines,
    stated.net_revenue_cny,
    stated.platform_fee_cny,
    stated.payment_fee_cny,
    stated.penalty_cny,
    stated.label_cny,
    stated.other_fee_cny,
    stated.subsidy_cny,
    stated.freight_income_cny,
    stated.expected_amount_cny::numeric(38, 2) as expected_amount_cny,
    stated.shipped_at,
    stated.delivered_at,
    stated.delivered_date,
    stated.settlement_lag_days,
    stated.transit_days,
    stated.forecast_date,
    stated.expected_date,
    stated.settlement_lines,
    stated.collected_date,
    stated.collected_cny::numeric(38, 2) as collected_cny,
    stated.has_open_refund,
    stated.state,
    states.state_no,
    states.state_name,
    case
        when stated.state in ('settled', 'nil') then null
        when stated.expected_date is null then 'undated'
        when stated.expected_date <= {{ as_of_date() }} then 'past'
        when stated.expected_date <= {{ as_of_date() }} + 7 then 'next_7'
        when stated.expected_date <= {{ as_of_date() }} + 30 then 'next_30'
        else 'later'
    end as bucket,
    case
        when stated.state = 'settled' or stated.expected_amount_cny <= 0 then 0.00 else stated.expected_amount_cny
    end::numeric(38, 2) as outstanding_cny,
    case when stated.state in ('due', 'overdue') then {{ as_of_date() }} - stated.expected_date end as days_past_due,
    stated.variance_cny::numeric(38, 2) as variance_cny,
    {{ ratio('stated.variance_cny', 'abs(stated.expected_amount_cny)') }} as variance_rate,
    coalesce(
        abs(stated.variance_cny) > {{ var('settlement_variance_cny') }}
        and abs(stated.variance_cny) > {{ var('settlement_variance_share') }} * abs(stated.expected_amount_cny)
        and stated.unpriced_lines = 0, -- what is not known whole cannot be off
        false
    ) as is_beyond_tolerance,
    stated.collected_date - stated.delivered_date as days_to_cash,
    {{ refreshed_at() }} as _refreshed_at
from stated
inner join states using (state)
