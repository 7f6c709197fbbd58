with measures as ( -- T3: the only mart by local day
    select shop_id, order_date_local, {{ sum_measures(['orders', 'units_sold', 'gmv_cny', 'unpriced_lines']) }}
    from {{ ref('int_gmv__by_day') }}
    group by shop_id, order_date_local
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    measures.order_date_local,
    measures.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    shops.timezone,
    measures.orders,
    measures.units_sold,
    measures.gmv_cny,
    measures.unpriced_lines,
    {{ refreshed_at() }} as _refreshed_at
from measures
inner join shops using (shop_id)
