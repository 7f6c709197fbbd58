select shop_id, order_date, reported_orders, counted_at, run_id
from {{ source('ops', 'platform_order_counts') }}
