with forecasts as (
    select * from {{ ref('mart_gmv_forecast') }}
),

newest as (
    select * from forecasts where made_on = {{ as_of_date() }}
),

shops as (
    select distinct shop_id, is_total, shop_name, region, entity, business_model, wape_28d from newest
),

daily as (
    select shop_id, order_date, gmv_cny
    from {{ ref('mart_gmv_daily') }}
    where order_date <= {{ as_of_date() }} and order_date > {{ as_of_date() }} - 90
),

actuals as (
    select shop_id, order_date, gmv_cny from daily
    union all
    select 0, order_date, sum(gmv_cny) from daily group by order_date
),

days as (
    select shop_id, order_date as business_day from actuals
    union
    select shop_id, forecast_date from newest
)

select
    days.business_day,
    days.shop_id,
    shops.is_total,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    days.business_day > {{ as_of_date() }} as is_forecast,
    actuals.gmv_cny::numeric(38, 2) as actual_gmv_cny,
    newest.forecast_gmv_cny,
    case when newest.band_low_gmv_cny is not null then greatest(newest.band_low_gmv_cny, 0) end::numeric(38, 2) as band_low_gmv_cny,
    newest.band_high_gmv_cny,
    said.forecast_gmv_cny as forecast_week_before_gmv_cny,
    shops.wape_28d,
    {{ refreshed_at() }} as _refreshed_at
from days
inner join shops using (shop_id)
left join actuals on days.shop_id = actuals.shop_id and days.business_day = actuals.order_date
left join newest on days.shop_id = newest.shop_id and days.business_day = newest.forecast_date
left join forecasts as said
    on days.shop_id = said.shop_id and days.business_day = said.forecast_date and said.made_on = days.business_day - 7
