{{ config(indexes=[{'columns': ['order_date']}]) }} {# screens read spans of days #}
with parcels as (
    select * from {{ ref('int_parcels__assembled') }}
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
),

freight as ( -- what no bill tells is unknown, not free
    select shop_id, parent_key, first_mile_cny + last_mile_cny as parent_freight_cny
    from {{ ref('int_order_charges__by_parent') }}
    where has_first_mile_bill or has_last_mile_bill
),

us_states as (
    select * from {{ spelled_us_states() }} as spelled
),

judged as (
    select
        *,
        is_delivered or delivered_at is not null as is_received,
        case
            when ship_deadline is null then 'no_deadline'
            when shipped_at <= ship_deadline then 'on_time'
            when shipped_at > ship_deadline then 'late'
            when is_shipped then 'unknown' -- sent, nobody says when
            when {{ as_of_at() }} > ship_deadline then 'overdue_unshipped'
            else 'pending'
        end as ship_status,
        case
            when delivered_at <= promised_at then 'on_time'
            when delivered_at > promised_at then 'late'
            when is_delivered or delivered_at is not null then 'n/a' -- received; when, or by when it should, is unknown
            when {{ as_of_at() }} > promised_at then 'overdue'
            when is_shipped then 'in_transit'
            else 'n/a'
        end as delivery_status,
        -- GREATEST ignores what is unknown
        {{ as_of_at() }} - greatest(shipped_at, last_scan_at) as silence
    from parcels
)

select
    judged.shop_id,
    judged.parent_key,
    judged.package_sn,
    shops.shop_name,
    shops.region,
    shops.entity,
    shops.business_model,
    judged.order_date,
    judged.order_placed_at,
    judged.manager,
    judged.order_lines,
    judged.units,
    judged.gmv_cny,
    coalesce(judged.carrier, '') as carrier,
    judged.tracking_number,
    judged.shipping_country,
    judged.shipping_state,
    us_states.state_code as shipping_state_code,
    judged.fulfillment_type,
    judged.ship_deadline,
    judged.shipped_at,
    judged.promised_at,
    judged.delivered_at,
    judged.is_shipped,
    judged.is_received as is_delivered,
    judged.has_paid_lines and not judged.is_shipped as is_to_ship,
    judged.ship_status,
    judged.delivery_status,
    {{ hours_between('judged.shipped_at', 'judged.order_placed_at') }} as hours_to_ship,
    {{ days_between('judged.delivered_at', 'judged.shipped_at') }} as transit_days,
    case when judged.is_shipped and not judged.is_received then floor(extract(epoch from {{ as_of_at() }} - judged.shipped_at) / 86400)::integer end
        as days_in_transit,
    case
        when not judged.is_shipped or judged.is_received or judged.shipped_at is null then null
        when judged.shipped_at > {{ as_of_at() }} - interval '4 days' then '0-3'
        when judged.shipped_at > {{ as_of_at() }} - interval '8 days' then '4-7'
        when judged.shipped_at > {{ as_of_at() }} - interval '15 days' then '8-14'
        when judged.shipped_at > {{ as_of_at() }} - interval '22 days' then '15-21'
        else '22+'
    end as ageing_bucket,
    judged.scans,
    judged.last_scan_at,
    judged.last_scan_status,
    judged.last_scan_location,
    -- Of all parcels of the parent alike; the cents that do not divide are the first one's.
    (
        round(freight.parent_freight_cny / count(*) over parent, 2)
        + case when row_number() over (parent order by judged.package_sn collate "C") = 1
            then freight.parent_freight_cny - count(*) over parent * round(freight.parent_freight_cny / count(*) over parent, 2)
            else 0
        end
    )::numeric(38, 2) as freight_cny,
    case -- the first that applies; what has arrived is no open matter
        when not judged.is_received and judged.last_scan_is_exception then 'carrier_exception'
        when judged.delivery_status = 'overdue' then 'delivery_overdue'
        when judged.is_shipped and not judged.is_received and judged.silence >= interval '5 days' then 'stalled'
        when judged.is_shipped and not judged.is_received and judged.tracking_number is null
            and judged.shipped_at < {{ as_of_at() }} - interval '24 hours' then 'no_tracking'
        when judged.shipped_at < judged.order_placed_at or judged.delivered_at < judged.shipped_at then 'negative_duration'
    end as exception_reason,
    {{ as_of_at() }} as judged_at,
    {{ refreshed_at() }} as _refreshed_at
from judged
inner join shops using (shop_id)
left join freight using (shop_id, parent_key)
left join us_states on judged.shipping_country = 'US' and upper(judged.shipping_state) = us_states.spelling
window parent as (partition by judged.shop_id, judged.parent_key)
