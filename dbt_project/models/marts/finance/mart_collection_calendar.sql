with collections as (
    select
        *,
        coalesce(expected_date <= {{ as_of_date() }}, false) as is_past,
        case
            when days_past_due <= 3 then '0-3'
            when days_past_due <= 7 then '4-7'
            when days_past_due <= 14 then '8-14'
            when days_past_due <= 30 then '15-30'
            when days_past_due > 30 then '31+'
        end as ageing_bucket
    from {{ ref('fct_collections') }}
)

select -- a settled parent's expected_date is the day its money came
    expected_date as calendar_date,
    {{ month_of('expected_date') }} as month_start,
    shop_id,
    shop_name,
    region,
    entity,
    business_model,
    state,
    state_no,
    state_name,
    bucket,
    days_past_due,
    ageing_bucket,
    count(*) as parents,
    count(*) filter (where expected_amount_cny is null) as unknown_parents,
    coalesce(sum(case when state = 'settled' then collected_cny else expected_amount_cny end), 0)::numeric(38, 2) as amount_cny,
    coalesce(sum(expected_amount_cny), 0)::numeric(38, 2) as expected_amount_cny,
    coalesce(sum(collected_cny), 0)::numeric(38, 2) as collected_cny,
    coalesce(sum(outstanding_cny), 0)::numeric(38, 2) as outstanding_cny,
    coalesce(sum(expected_amount_cny) filter (where is_past), 0)::numeric(38, 2) as past_expected_cny,
    coalesce(sum(collected_cny) filter (where is_past), 0)::numeric(38, 2) as past_collected_cny,
    {{ refreshed_at() }} as _refreshed_at
from collections
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
