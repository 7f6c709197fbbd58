{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_gmv_daily_local'}}}) }}
-- T3 moves lines between days, never in or out.
select shop_id, sum(orders) as orders, sum(units) as units, sum(gmv_cny) as gmv_cny
from (
    select shop_id, orders, units_sold as units, gmv_cny from {{ ref('mart_gmv_daily_local') }}
    union all
    select shop_id, -orders, -units_sold, -gmv_cny from {{ ref('mart_gmv_daily') }}
) as differences
group by shop_id
having sum(orders) <> 0 or sum(units) <> 0 or sum(gmv_cny) <> 0
