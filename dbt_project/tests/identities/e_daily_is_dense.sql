{{ config(severity='error') }}
-- §6.2: no day is missing between the first and the last of a shop.
select shop_id, min(order_date) as first_day, max(order_date) as last_day, count(*) as days
from {{ ref('mart_gmv_daily') }}
group by shop_id
having count(*) <> max(order_date) - min(order_date) + 1 or max(order_date) < {{ as_of_date() }}
