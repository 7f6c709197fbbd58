{{ config(severity='warn') }}
-- §8: valid orders are some of all orders.
{%- for mart in ['mart_gmv_daily', 'mart_gmv_weekly', 'mart_gmv_monthly'] %}
select '{{ mart }}' as mart, shop_id, orders, orders_all from {{ ref(mart) }} where orders + cancelled_orders > orders_all
{{ 'union all' if not loop.last }}
{%- endfor %}
