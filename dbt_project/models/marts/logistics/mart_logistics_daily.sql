with counts as (
    select
        order_date,
        shop_id,
        carrier,
        count(*) as parcels,
        count(*) filter (where is_shipped) as shipped_parcels,
        count(*) filter (where ship_status in ('on_time', 'late', 'overdue_unshipped')) as judged_parcels,
        count(*) filter (where ship_status = 'late') as late_parcels,
        count(*) filter (where ship_status = 'overdue_unshipped') as overdue_unshipped_parcels,
        count(*) filter (where is_delivered) as delivered_parcels,
        count(*) filter (where delivery_status = 'on_time') as delivered_on_time,
        count(*) filter (where delivery_status in ('on_time', 'late', 'overdue')) as delivery_judged,
        count(*) filter (where is_shipped and not is_delivered) as in_transit_parcels,
        count(*) filter (where exception_reason is not null) as exception_parcels,
        count(hours_to_ship) as timed_parcels,
        -- by the interval: the hours are rounded
        count(*) filter (where shipped_at - order_placed_at <= interval '24 hours') as shipped_within_24h,
        count(*) filter (where shipped_at - order_placed_at <= interval '48 hours') as shipped_within_48h,
        {{ percentile(0.5, 'hours_to_ship') }} as hours_to_ship_median,
        {{ percentile(0.9, 'hours_to_ship') }} as hours_to_ship_p90,
        {{ percentile(0.5, 'transit_days') }} as transit_days_median,
        {{ percentile(0.9, 'transit_days') }} as transit_days_p90
    from {{ ref('fct_shipments') }}
    group by order_date, shop_id, carrier
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    counts.order_date,
    counts.shop_id,
    counts.carrier,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    counts.parcels,
    counts.shipped_parcels,
    counts.judged_parcels,
    counts.late_parcels,
    counts.overdue_unshipped_parcels,
    counts.delivered_parcels,
    counts.delivered_on_time,
    counts.delivery_judged,
    counts.in_transit_parcels,
    counts.exception_parcels,
    counts.timed_parcels,
    counts.shipped_within_24h,
    counts.shipped_within_48h,
    {{ ratio('counts.late_parcels + counts.overdue_unshipped_parcels', 'counts.judged_parcels') }} as late_ship_rate,
    {{ ratio('counts.delivered_on_time', 'counts.delivery_judged') }} as on_time_delivery_rate,
    counts.hours_to_ship_median,
    counts.hours_to_ship_p90,
    counts.transit_days_median,
    counts.transit_days_p90,
    {{ refreshed_at() }} as _refreshed_at
from counts
inner join shops using (shop_id)
