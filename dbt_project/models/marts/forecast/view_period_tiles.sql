{%- set today = as_of_date() -%}
{%- set this_month = month_of(today) -%}
with periods (period, period_zh, position, first_day, last_day, first_day_before, last_day_before) as (
    values
    ('yesterday', '昨日', 1, {{ today }}, {{ today }}, {{ today }} - 1, {{ today }} - 1),
    ('last_7_days', '近7天', 2, {{ today }} - 6, {{ today }}, {{ today }} - 13, {{ today }} - 7),
    (
        'month_to_date', '本月至今', 3, {{ this_month }}, {{ today }},
        ({{ this_month }} - interval '1 month')::date,
        -- the same days of the month before, all of it where that month is shorter
        ({{ today }} - interval '1 month')::date
    ),
    (
        'month_forecast', '本月预测', 4, {{ this_month }}, ({{ this_month }} + interval '1 month')::date - 1,
        ({{ this_month }} - interval '1 month')::date, {{ this_month }} - 1
    ),
    (
        'last_month', '上月', 5, ({{ this_month }} - interval '1 month')::date, {{ this_month }} - 1,
        ({{ this_month }} - interval '2 months')::date, ({{ this_month }} - interval '1 month')::date - 1
    )
),

daily as (
    select *
    from {{ ref('mart_gmv_daily') }}
    where order_date >= ({{ this_month }} - interval '2 months')::date and order_date <= {{ today }}
),

measured as (
    select
        periods.period,
        coalesce(daily.shop_id, 0) as shop_id, -- the grand total of the grouping sets
        {{ sum_measures(['orders', 'units_sold', 'gmv_cny', 'refund_cny', 'net_revenue_cny', 'costed_net_revenue_cny',
            'profit_cny']) }}
    from periods
    inner join daily on daily.order_date between periods.first_day and periods.last_day
    where periods.period <> 'month_forecast'
    group by grouping sets ((periods.period, daily.shop_id), (periods.period))
),

before as (
    select periods.period, coalesce(daily.shop_id, 0) as shop_id, sum(daily.gmv_cny) as gmv_prev_cny
    from periods
    inner join daily on daily.order_date between periods.first_day_before and periods.last_day_before
    group by grouping sets ((periods.period, daily.shop_id), (periods.period))
),

projections as (
    select distinct 'month_forecast' as period, shop_id, month_projection_gmv_cny
    from {{ ref('mart_gmv_forecast') }}
    where made_on = {{ today }}
),

shops as (
    select distinct shop_id, shop_name, region, entity, business_model
    from {{ ref('mart_gmv_forecast') }}
    where made_on = {{ today }}
)

select
    periods.period,
    periods.period_zh,
    periods.position,
    shops.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    periods.first_day,
    periods.last_day,
    measured.orders,
    measured.units_sold,
    coalesce(measured.gmv_cny, projections.month_projection_gmv_cny)::numeric(38, 2) as gmv_cny,
    measured.refund_cny,
    measured.net_revenue_cny,
    measured.costed_net_revenue_cny,
    measured.profit_cny,
    {{ ratio('measured.profit_cny', 'measured.costed_net_revenue_cny') }} as profit_margin,
    {{ ratio('measured.costed_net_revenue_cny', 'measured.net_revenue_cny') }} as cost_coverage,
    before.gmv_prev_cny::numeric(38, 2) as gmv_prev_cny,
    {{ ratio(
        'coalesce(measured.gmv_cny, projections.month_projection_gmv_cny) - before.gmv_prev_cny', 'before.gmv_prev_cny'
    ) }} as gmv_pop,
    {{ refreshed_at() }} as _refreshed_at
from periods
cross join shops
left join measured using (period, shop_id)
left join before using (period, shop_id)
left join projections using (period, shop_id)
