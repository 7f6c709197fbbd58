{{ config(severity='warn') }}
-- §8: what the staged orders let us know of each line; every flag here is a line somebody should look at.
select order_line_key, shop_id, order_sn, status, price_source, fx_rate
from {{ ref('fct_order_lines_costed') }}
where order_date > {{ as_of_date() }} - 30
    and (status = 'unknown' or (is_sale and gmv_cny is null) or order_date > {{ as_of_date() }} + 2 or quantity > 1000)
