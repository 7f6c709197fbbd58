-- One event a row, so that a percentile over any choice of shops, types and days is that of the events, not of averages.
with events as (
    select distinct on (event_id) *
    from {{ ref('int_webhook_events__typed') }}
    where event_id is not null
    order by event_id, processed_at desc nulls last, received_at desc nulls last
),

shops as (
    select * from {{ ref('int_shops__zoned') }}
)

select
    events.event_id,
    coalesce(events.event_type, 'unknown') as event_type,
    events.shop_id,
    shops.shop_name,
    shops.region,
    events.received_at,
    {{ reporting_day('events.received_at') }} as received_date,
    events.processed_at,
    case
        when events.processed_at >= events.received_at
            then round(extract(epoch from events.processed_at - events.received_at), 3)
    end::numeric(38, 3) as latency_seconds,
    coalesce(not events.signature_ok, false) as is_forged,
    events.processed_at is null and events.reason is null as is_waiting,
    events.reason,
    {{ refreshed_at() }} as _refreshed_at
from events
left join shops using (shop_id)
