with measures as ( -- only months with at least one line of any status
    select
        shop_id,
        {{ month_of('order_date') }} as month_start,
        {{ sum_measures() }}
    from {{ ref('mart_gmv_daily') }}
    group by 1, 2
    having sum(orders_all) > 0
),

firsts as ( -- a shop that opened or was connected within a month has no whole first one
    select shop_id, min(order_date) as first_date from {{ ref('mart_gmv_daily') }} where orders_all > 0 group by shop_id
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    measures.month_start,
    measures.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    (measures.month_start + interval '1 month')::date - 1 <= {{ as_of_date() }} as is_complete,
    {{ measure_columns('measures') }},
    month_before.gmv_cny as gmv_prev,
    {{ ratio('measures.gmv_cny - month_before.gmv_cny', 'month_before.gmv_cny') }} as gmv_pop,
    coalesce(firsts.first_date > month_before.month_start, false) as is_prev_partial,
    year_before.gmv_cny as gmv_prev_year_cny,
    {{ ratio('measures.gmv_cny - year_before.gmv_cny', 'year_before.gmv_cny') }} as gmv_yoy,
    {{ refreshed_at() }} as _refreshed_at
from measures
inner join shops using (shop_id)
left join firsts using (shop_id)
left join measures as month_before
    on measures.shop_id = month_before.shop_id and (measures.month_start - interval '1 month')::date = month_before.month_start
left join measures as year_before
    on measures.shop_id = year_before.shop_id
    and (measures.month_start - interval '1 year')::date = year_before.month_start
