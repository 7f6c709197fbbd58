with days as (
    select * from {{ ref('int_activity_days') }}
),

activities as (
    select * from {{ ref('mart_activity_lift') }}
)

select
    days.activity_row_id,
    days.order_date,
    days.shop_id,
    activities.shop_name,
    activities.activity_name,
    activities.activity_type,
    activities.is_confounded,
    days.day_no,
    days.phase,
    days.units_sold as participant_units,
    days.gmv_cny::numeric(38, 2) as participant_gmv_cny,
    days.profit_cny::numeric(38, 2) as participant_profit_cny,
    days.control_units,
    days.control_gmv_cny::numeric(38, 2) as control_gmv_cny,
    {{ refreshed_at() }} as _refreshed_at
from days
inner join activities using (activity_row_id)
