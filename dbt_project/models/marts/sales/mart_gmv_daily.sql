with days as (
    select shop_id, order_date, {{ sum_measures() }}
    from {{ ref('int_gmv__by_day') }}
    group by shop_id, order_date
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

spans as (
    select shop_id, min(order_date) as first_date, greatest(max(order_date), {{ as_of_date() }}) as last_date
    from days
    group by shop_id
),

calendar as ( -- dense, so that moving averages are right
    select spans.shop_id, series.day::date as order_date
    from spans
    cross join lateral generate_series(spans.first_date::timestamp, spans.last_date::timestamp, '1 day') as series (day)
),

measures as (
    select
        calendar.shop_id,
        calendar.order_date,
        {%- for measure in additive_measures() %}
        coalesce(days.{{ measure }}, 0)::{{ 'bigint' if is_count(measure) else 'numeric(38, 2)' }} as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from calendar
    left join days using (shop_id, order_date)
)

select
    measures.order_date,
    measures.shop_id,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    {{ week_label('measures.order_date') }} as week_label,
    extract(isodow from measures.order_date)::integer as iso_weekday,
    measures.order_date <= {{ as_of_date() }} as is_complete,
    {{ measure_columns('measures') }},
    day_before.gmv_cny as gmv_prev,
    {{ ratio('measures.gmv_cny - day_before.gmv_cny', 'day_before.gmv_cny') }} as gmv_pop,
    year_before.gmv_cny as gmv_prev_year_cny,
    {{ ratio('measures.gmv_cny - year_before.gmv_cny', 'year_before.gmv_cny') }} as gmv_yoy,
    {{ refreshed_at() }} as _refreshed_at
from measures
inner join shops using (shop_id)
left join measures as day_before
    on measures.shop_id = day_before.shop_id and measures.order_date - 1 = day_before.order_date
left join measures as year_before
    on measures.shop_id = year_before.shop_id
    and (measures.order_date - interval '1 year')::date = year_before.order_date
