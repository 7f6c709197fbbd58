-- What the scans of a tracking number say up to the instant of judgement: the last one, and the first that says
-- delivered. One row per tracking_number.
with scans as (
    select
        tracking_number,
        event_time,
        status,
        location,
        coalesce(is_exception, false) as is_exception,
        lower(event_code) in ('delivered', 'signed') or lower(status) in ('delivered', 'signed', '已签收', '已送达', '妥投')
            as is_delivery
    from {{ ref('int_tracking_events__typed') }}
    where tracking_number is not null and event_time is not null and event_time <= {{ as_of_at() }}
),

sums as (
    select
        tracking_number,
        count(*) as scans,
        min(event_time) filter (where is_delivery) as delivered_at
    from scans
    group by tracking_number
),

last_scans as (
    select distinct on (tracking_number) tracking_number, event_time, status, location, is_exception
    from scans
    order by tracking_number, event_time desc, is_exception desc, status, location
)

select
    tracking_number,
    sums.scans,
    sums.delivered_at,
    last_scans.event_time as last_scan_at,
    last_scans.status as last_scan_status,
    last_scans.location as last_scan_location,
    last_scans.is_exception as last_scan_is_exception
from sums
inner join last_scans using (tracking_number)
