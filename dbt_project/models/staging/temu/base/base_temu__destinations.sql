{{ unpacking('order_details', ['shop_id', 'parent_order_sn']) }}
-- The state to which a parent order goes, in the platform's words, out of its detail. Its country is told by the order's
-- region, which every order has; what is finer than a state never lands.
with landed as (
    select shop_id, parent_order_sn, payload from {{ landed_since('order_details') }} as fresh
)

select
    shop_id,
    parent_order_sn,
    nullif(trim({{ json_object("payload -> 'parentOrderMap'") }} ->> 'regionName2'), '') as state
from landed
