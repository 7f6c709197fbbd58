-- Points of each metric, linear between its anchors and clamped, and the weighted score of those that are known (§6.8).
-- One row per shop.
with measured as (
    select * from {{ ref('int_shop_health__measured') }}
),

metrics as (
    select * from {{ ref('scorecard_metrics') }}
),

valued as (
    select measured.shop_id, named.metric, named.value
    from measured
    cross join lateral (
        values
        {%- for metric in scorecard_metrics() %}
        ('{{ metric }}', measured.{{ metric }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as named (metric, value)
),

pointed as (
    select
        valued.shop_id,
        valued.metric,
        metrics.weight,
        case -- LEAST and GREATEST ignore NULL, so the unknown is asked first
            when valued.value is not null then least(
                100,
                greatest(
                    0,
                    (valued.value - metrics.zero_points_at) * 100 / (metrics.full_points_at - metrics.zero_points_at)
                )
            )
        end as points
    from valued
    inner join metrics using (metric)
)

select
    shop_id,
    {%- for metric in scorecard_metrics() %}
    max(points) filter (where metric = '{{ metric }}') as {{ metric }}_points,
    {%- endfor %}
    coalesce(sum(weight) filter (where points is not null), 0) as judged_weight,
    round(sum(weight * points) / nullif(sum(weight) filter (where points is not null), 0), 1) as score
from pointed
group by shop_id
