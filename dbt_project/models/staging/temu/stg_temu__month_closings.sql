select month_start, shop_id, gmv_cny::numeric as gmv_cny, net_revenue_cny::numeric as net_revenue_cny,
    profit_cny::numeric as profit_cny, closed_at
from {{ source('ops', 'month_closings') }}
