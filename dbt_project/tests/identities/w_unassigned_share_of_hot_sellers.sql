{{ config(severity='warn') }}
-- §8: at most 5 % of a month's GMV belongs to nobody.
select month_start, sum(gmv_cny) as gmv_cny, sum(gmv_cny) filter (where manager = '{{ var("unassigned_manager") }}') as unassigned
from {{ ref('mart_hot_seller_monthly') }}
group by month_start
having sum(gmv_cny) filter (where manager = '{{ var("unassigned_manager") }}') > 0.05 * sum(gmv_cny)
