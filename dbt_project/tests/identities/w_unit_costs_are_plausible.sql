{{ config(severity='warn') }}
-- §8: a unit costs between 2 % and 300 % of what it is sold for; beyond that a currency was mistaken.
select shop_id, sku_code, min(unit_cost_cny) as least_cost, max(unit_cost_cny) as greatest_cost, count(*) as lines
from {{ ref('fct_order_lines_costed') }}
where is_sale and gmv_cny > 0 and unit_cost_cny not between 0.02 * gmv_cny / units and 3 * gmv_cny / units
group by shop_id, sku_code
