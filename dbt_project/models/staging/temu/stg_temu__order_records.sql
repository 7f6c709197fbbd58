-- Where what we know of a parent order came from: the raw rows that carry its lines and its amounts.
select
    orders.shop_id,
    orders.parent_order_sn,
    'raw_temu.orders' as raw_table,
    orders.loaded_at,
    orders.run_id,
    amounts.loaded_at as amounts_loaded_at,
    amounts.run_id as amounts_run_id
from {{ source('raw_temu', 'orders') }} as orders
left join {{ source('raw_temu', 'order_amounts') }} as amounts using (shop_id, parent_order_sn)
