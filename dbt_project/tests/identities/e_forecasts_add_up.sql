{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_gmv_forecast'}}}) }}
-- §6.10: the month so far of all shops together is the sum of the shops, and so is the tile of the last seven days.
with tiles as (
    select period, shop_id = 0 as is_total, sum(gmv_cny) as gmv_cny, sum(orders) as orders
    from {{ ref('view_period_tiles') }}
    where period in ('yesterday', 'last_7_days', 'month_to_date', 'last_month')
    group by period, shop_id = 0
)

select period, min(gmv_cny) as least, max(gmv_cny) as most
from tiles
group by period
having min(coalesce(gmv_cny, 0)) <> max(coalesce(gmv_cny, 0)) or min(coalesce(orders, 0)) <> max(coalesce(orders, 0))
union all
select made_on::text, min(month_to_date_gmv_cny), max(month_to_date_gmv_cny)
from (
    select made_on, is_total, sum(month_to_date_gmv_cny) as month_to_date_gmv_cny
    from {{ ref('mart_gmv_forecast') }}
    where horizon_days = 1
    group by made_on, is_total
) as sums
group by made_on
having min(month_to_date_gmv_cny) <> max(month_to_date_gmv_cny)
