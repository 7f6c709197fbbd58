-- The event names a parent order; a refused event of a shop that is not ours has no shop.
select
    events.event_id,
    events.event_type,
    shops.id as shop_id,
    events.parent_order_sn as order_sn,
    events.received_at,
    events.processed_at,
    events.signature_ok,
    events.reason
from {{ source('ops', 'webhook_events') }} as events
left join {{ source('ops', 'shops') }} as shops on events.temu_shop_id = shops.temu_shop_id
