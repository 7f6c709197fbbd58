{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='made_on', on_schema_change='append_new_columns',
    full_refresh=false
) }}
-- What was forecast is kept as it was said (§6.10): a run replaces the forecasts of its own as_of_date only, and not even
-- a full refresh drops the others. shop_id 0 stands for all shops together; no shop has that id.
with complete_days as (
    select shop_id, order_date, gmv_cny
    from {{ ref('mart_gmv_daily') }}
    where order_date <= {{ as_of_date() }} and shop_id <> 0
),

series as (
    select shop_id, order_date, gmv_cny from complete_days
    union all
    select 0, order_date, sum(gmv_cny) from complete_days group by order_date
),

windows as ( -- what is known at the end of each day: sums, so that the forecast divides and rounds once
    select
        shop_id,
        order_date,
        gmv_cny,
        count(*) over (partition by shop_id order by order_date) as history_days,
        sum(gmv_cny) over (partition by shop_id order by order_date rows 27 preceding) as gmv_28d,
        sum(gmv_cny) over (partition by shop_id order by order_date rows 55 preceding) as gmv_56d,
        sum(gmv_cny) over (
            partition by shop_id, extract(isodow from order_date) order by order_date rows 7 preceding
        ) as gmv_of_weekday, -- of the eight days of this weekday within the 56 days that end up to a week later
        sum(gmv_cny) over (partition by shop_id order by order_date rows 6 preceding) as gmv_7d,
        sum(gmv_cny) over (partition by shop_id order by order_date rows between 13 preceding and 7 preceding) as gmv_7d_before
    from series
),

backtest as ( -- each of the last 28 days as it would have been forecast one week before
    select
        target.shop_id,
        target.gmv_cny as actual,
        {{ gmv_forecast('origin', 'origin.gmv_of_weekday') }} as forecast
    from windows as target
    inner join windows as origin
        on target.shop_id = origin.shop_id and target.order_date - 7 = origin.order_date
    where target.order_date > {{ as_of_date() }} - 28 and origin.history_days >= 14
),

errors as (
    select
        shop_id,
        count(*) as backtest_days,
        stddev_samp((actual - forecast)::numeric(60, 30) / nullif(forecast, 0)) as error_sd,
        {{ ratio('sum(abs(actual - forecast))', 'sum(actual)') }} as wape_28d
    from backtest
    group by shop_id
),

latest as (
    select
        windows.*,
        extract(day from order_date)::integer as days_of_month,
        ({{ month_of('order_date') }} + interval '1 month')::date - 1 as month_end
    from windows
    where order_date = {{ as_of_date() }}
),

month_to_date as (
    select shop_id, sum(gmv_cny) as month_to_date_gmv_cny
    from series
    where order_date >= {{ month_of(as_of_date()) }}
    group by shop_id
),

forecasts as (
    select
        latest.shop_id,
        latest.order_date as made_on,
        latest.order_date + horizon.days as forecast_date,
        horizon.days as horizon_days,
        latest.history_days,
        latest.month_end,
        case when latest.history_days >= 14 then latest.gmv_28d / least(latest.history_days, 28) end as level_gmv_cny,
        case when latest.history_days >= 14 then {{ weekday_index('latest', 'weekdays.gmv_of_weekday') }} end as weekday_index,
        case when latest.history_days >= 14 then {{ gmv_forecast('latest', 'weekdays.gmv_of_weekday') }} end
            as forecast_gmv_cny,
        case when latest.history_days >= 14 then {{ ratio('latest.gmv_7d - latest.gmv_7d_before', 'latest.gmv_7d_before') }} end
            as growth_wow
    from latest
    cross join generate_series(1, {{ var('forecast_horizon_days') }}) as horizon (days)
    left join windows as weekdays
        on latest.shop_id = weekdays.shop_id
        and weekdays.order_date = latest.order_date - 6 + (horizon.days - 1) % 7
),

projected as (
    select
        *,
        case
            when bool_and(forecast_gmv_cny is not null) over (partition by shop_id)
                then coalesce(sum(forecast_gmv_cny) filter (where forecast_date <= month_end) over (partition by shop_id), 0)
        end as rest_of_month_gmv_cny
    from forecasts
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    projected.forecast_date,
    projected.shop_id,
    projected.made_on,
    projected.shop_id = 0 as is_total,
    case when projected.shop_id = 0 then '全部店铺 All shops' else shops.shop_name end as shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    projected.horizon_days::integer as horizon_days,
    projected.history_days,
    projected.level_gmv_cny::numeric(38, 2) as level_gmv_cny,
    projected.weekday_index::numeric(38, 4) as weekday_index,
    projected.forecast_gmv_cny::numeric(38, 2) as forecast_gmv_cny,
    round(projected.forecast_gmv_cny * (1 - 1.28 * errors.error_sd), 2)::numeric(38, 2) as band_low_gmv_cny,
    round(projected.forecast_gmv_cny * (1 + 1.28 * errors.error_sd), 2)::numeric(38, 2) as band_high_gmv_cny,
    errors.error_sd::numeric(38, 4) as error_sd,
    coalesce(errors.backtest_days, 0) as backtest_days,
    errors.wape_28d,
    projected.growth_wow,
    {{ month_of('projected.made_on') }} as month_start,
    month_to_date.month_to_date_gmv_cny::numeric(38, 2) as month_to_date_gmv_cny,
    (month_to_date.month_to_date_gmv_cny + projected.rest_of_month_gmv_cny)::numeric(38, 2) as month_projection_gmv_cny,
    {{ refreshed_at() }} as _refreshed_at
from projected
inner join month_to_date using (shop_id)
left join errors using (shop_id)
left join shops using (shop_id)
