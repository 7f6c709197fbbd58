{{ config(severity='warn') }}
-- §8: every product sold in the last 30 days has a cost that was valid then.
select shop_id, sku_code, cost_status, count(*) as lines
from {{ ref('fct_order_lines_costed') }}
where order_date > {{ as_of_date() }} - 30 and order_date <= {{ as_of_date() }} and cost_status in ('no_cost', 'gap', 'no_fx')
group by shop_id, sku_code, cost_status
