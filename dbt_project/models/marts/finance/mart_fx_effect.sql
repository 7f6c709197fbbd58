with months as (
    select
        {{ month_of('order_date') }} as month_start,
        shop_id,
        line_currency,
        sum(gmv_cny) as gmv_cny,
        sum(gmv_original) as gmv_original
    from {{ ref('int_sales__by_currency_day') }}
    where line_currency is not null
    group by 1, 2, 3
    having sum(gmv_original) <> 0
),

rates_now as (
    select currency, rate from {{ ref('int_fx_rates__daily') }} where rate_date = {{ as_of_date() }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

rated as (
    select
        months.*,
        {{ fx('months.line_currency', 'rates_now.rate') }} as constant_rate
    from months
    left join rates_now on months.line_currency = rates_now.currency
)

select
    rated.month_start,
    rated.shop_id,
    rated.line_currency as currency,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    rated.gmv_original::numeric(38, 6) as gmv_original,
    rated.gmv_cny::numeric(38, 2) as gmv_cny,
    round(rated.gmv_cny / rated.gmv_original, 6)::numeric(38, 6) as average_rate,
    rated.constant_rate::numeric(38, 10) as constant_rate,
    round(rated.gmv_original * rated.constant_rate, 2)::numeric(38, 2) as gmv_constant_cny,
    (rated.gmv_cny - round(rated.gmv_original * rated.constant_rate, 2))::numeric(38, 2) as fx_effect_cny,
    {{ refreshed_at() }} as _refreshed_at
from rated
inner join shops using (shop_id)
