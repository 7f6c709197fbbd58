with settled as (
    select
        *,
        case -- what was paid, against what was expected
            when variance_rate is null then 'unknown'
            when variance_rate < -0.20 then '1 < -20%'
            when variance_rate < -0.05 then '2 -20..-5%'
            when variance_rate < 0 then '3 -5..0%'
            when variance_rate = 0 then '4 0%'
            when variance_rate <= 0.05 then '5 0..5%'
            when variance_rate <= 0.20 then '6 5..20%'
            else '7 > 20%'
        end as variance_bucket
    from {{ ref('fct_collections') }}
    where state = 'settled'
)

select
    collected_date,
    {{ month_of('collected_date') }} as month_start,
    shop_id,
    shop_name,
    region,
    entity,
    business_model,
    settlement_lag_days,
    days_to_cash,
    variance_bucket,
    count(*) as parents,
    count(*) filter (where is_beyond_tolerance) as parents_beyond_tolerance,
    coalesce(sum(expected_amount_cny), 0)::numeric(38, 2) as expected_amount_cny,
    coalesce(sum(collected_cny), 0)::numeric(38, 2) as collected_cny,
    coalesce(sum(variance_cny), 0)::numeric(38, 2) as variance_cny,
    {{ refreshed_at() }} as _refreshed_at
from settled
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
