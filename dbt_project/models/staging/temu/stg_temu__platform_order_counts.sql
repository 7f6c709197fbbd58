select shop_id, day as order_date, reported as reported_orders, counted_at, run_id
from {{ source('ops', 'platform_counts') }}
where stream = 'orders'
