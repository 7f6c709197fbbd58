{% set measures = ['units_sold', 'gmv_cny', 'profit_cny', 'net_revenue_cny', 'costed_net_revenue_cny', 'unpriced_lines', 'uncosted_lines'] -%}
-- Sales of participants and of the shop's other articles on each day from 28 before a promotion to 14 after it, up to
-- as_of_date (§6.9); days without a sale are there with zeros. Without items the whole shop takes part and nothing is left
-- to compare with; where no item has an article, what participants sold is unknown. One row per (activity_row_id, order_date).
with activities as (
    select * from {{ ref('int_activities__windowed') }} where has_days
),

participants as (
    select distinct activity_row_id, sku_code from {{ ref('int_activity_items__matched') }} where sku_code is not null
),

shop_days as (
    select shop_id, order_date, {{ measures | join(', ') }}
    from {{ ref('mart_gmv_daily') }}
    where order_date <= {{ as_of_date() }}
),

of_items as (
    select
        activities.activity_row_id,
        sku_daily.order_date,
        {{ sum_measures(measures) }}
    from activities
    inner join participants using (activity_row_id)
    inner join {{ ref('mart_sku_daily') }} as sku_daily
        on activities.shop_id = sku_daily.shop_id
        and participants.sku_code = sku_daily.sku_code
        and sku_daily.order_date between activities.start_day - 28 and coalesce(activities.end_day + 14, {{ as_of_date() }})
    group by activities.activity_row_id, sku_daily.order_date
),

days as (
    select
        activities.activity_row_id,
        activities.shop_id,
        shop_days.order_date,
        shop_days.order_date - activities.start_day as day_no,
        case
            when shop_days.order_date < activities.start_day then 'before'
            when shop_days.order_date <= coalesce(activities.end_day, shop_days.order_date) then 'during'
            else 'after'
        end as phase,
        shop_days.order_date - activities.end_day as days_after,
        activities.has_items,
        {%- for measure in measures %}
        (case
            when not activities.has_items then shop_days.{{ measure }}
            when activities.skus > 0 then coalesce(of_items.{{ measure }}, 0)
        end)::{{ 'bigint' if is_count(measure) else 'numeric(38, 2)' }} as {{ measure }},
        {%- endfor %}
        shop_days.units_sold as shop_units_sold,
        shop_days.gmv_cny as shop_gmv_cny
    from activities
    inner join shop_days
        on activities.shop_id = shop_days.shop_id
        and shop_days.order_date between activities.start_day - 28 and coalesce(activities.end_day + 14, {{ as_of_date() }})
    left join of_items
        on activities.activity_row_id = of_items.activity_row_id and shop_days.order_date = of_items.order_date
)

select
    activity_row_id,
    shop_id,
    order_date,
    day_no,
    phase,
    days_after,
    {{ measures | join(',\n    ') }},
    case when has_items then shop_units_sold - units_sold end as control_units,
    case when has_items then shop_gmv_cny - gmv_cny end as control_gmv_cny
from days
