with scores as (
    select * from {{ ref('mart_shop_scorecard') }}
),

metrics as (
    select * from {{ ref('scorecard_metrics') }}
),

pointed as (
    select
        scores.*,
        named.metric,
        named.value,
        named.points
    from scores
    cross join lateral (
        values
        {%- for metric in scorecard_metrics() %}
        ('{{ metric }}', scores.{{ metric }}, scores.{{ metric }}_points){{ ',' if not loop.last }}
        {%- endfor %}
    ) as named (metric, value, points)
)

select
    pointed.as_of_date,
    pointed.shop_id,
    pointed.metric,
    metrics.metric_name::text as metric_name,
    metrics.position,
    pointed.shop_name,
    pointed.region,
    pointed.entity,
    pointed.business_model,
    pointed.value::numeric(38, 4) as value,
    pointed.points,
    metrics.weight,
    round(metrics.weight * (100 - pointed.points), 1)::numeric(38, 1) as weighted_points_lost,
    round(metrics.weight * (100 - pointed.points) / nullif(pointed.judged_weight, 0), 1)::numeric(38, 1) as score_lost,
    case when pointed.points >= 70 then 'green' when pointed.points >= 40 then 'amber' when pointed.points < 40 then 'red' end
        as light,
    {{ refreshed_at() }} as _refreshed_at
from pointed
inner join metrics using (metric)
