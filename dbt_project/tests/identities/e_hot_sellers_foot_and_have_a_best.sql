{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_hot_seller_monthly'}}}) }}
-- §8: GMV of all managers, UNASSIGNED included, is the GMV of the month; somebody ranks first.
with managers as (
    select
        month_start,
        sum(gmv_cny) as gmv_cny,
        min(rank_gmv) as best,
        count(*) filter (where manager <> '{{ var("unassigned_manager") }}') as ranked
    from {{ ref('mart_hot_seller_monthly') }}
    group by month_start
),

by_shop as (
    select month_start, sum(gmv_cny) as gmv_cny from {{ ref('mart_hot_seller_monthly_by_shop') }} group by month_start
),

months as (
    select month_start, sum(gmv_cny) as gmv_cny from {{ ref('mart_gmv_monthly') }} group by month_start
)

select month_start, managers.gmv_cny as of_managers, by_shop.gmv_cny as of_shops, months.gmv_cny as of_month, managers.best
from months
full join managers using (month_start)
full join by_shop using (month_start)
where coalesce(managers.gmv_cny, 0) <> coalesce(months.gmv_cny, 0)
    or coalesce(by_shop.gmv_cny, 0) <> coalesce(months.gmv_cny, 0)
    or (managers.ranked > 0 and managers.best <> 1)
