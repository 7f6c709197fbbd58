{{ config(severity='warn') }}
-- §8: at least 90 % of the net revenue of the last 30 days has a known cost.
select shop_id, sum(costed_net_revenue_cny) as costed, sum(net_revenue_cny) as net
from {{ ref('mart_gmv_daily') }}
where order_date > {{ as_of_date() }} - 30 and order_date <= {{ as_of_date() }}
group by shop_id
having sum(costed_net_revenue_cny) < 0.90 * sum(net_revenue_cny)
