with measures as ( -- only weeks with at least one line of any status
    select
        shop_id,
        {{ week_of('order_date') }} as week_start,
        extract(isoyear from {{ week_of('order_date') }}) as iso_year,
        extract(week from {{ week_of('order_date') }}) as iso_week,
        {{ sum_measures() }}
    from {{ ref('mart_gmv_daily') }}
    group by 1, 2, 3, 4
    having sum(orders_all) > 0
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    measures.week_start,
    {{ week_label('measures.week_start') }} as week_label,
    measures.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    measures.week_start + 6 <= {{ as_of_date() }} as is_complete,
    {{ measure_columns('measures') }},
    week_before.gmv_cny as gmv_prev,
    {{ ratio('measures.gmv_cny - week_before.gmv_cny', 'week_before.gmv_cny') }} as gmv_pop,
    year_before.gmv_cny as gmv_prev_year_cny,
    {{ ratio('measures.gmv_cny - year_before.gmv_cny', 'year_before.gmv_cny') }} as gmv_yoy,
    {{ refreshed_at() }} as _refreshed_at
from measures
inner join shops using (shop_id)
left join measures as week_before
    on measures.shop_id = week_before.shop_id and (measures.week_start - 7) = week_before.week_start
left join measures as year_before
    on measures.shop_id = year_before.shop_id
    -- Same ISO week of the ISO year before; a 53rd week has none.
    and year_before.iso_year = measures.iso_year - 1
    and year_before.iso_week = measures.iso_week
