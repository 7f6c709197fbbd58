-- A parent order that was shipped deserves its detail (country, state, package numbers); open until it is stored.
with parents as (
    select shop_id, parent_order_sn, source_updated_at
    from {{ source('raw_temu', 'orders') }}
    where status in (4, 41, 5, 51)
),

details as (
    select shop_id, parent_order_sn, loaded_at from {{ source('raw_temu', 'order_details') }}
)

select
    {{ natural_id('order_detail', ['parents.shop_id', 'parents.parent_order_sn']) }} as id,
    parents.shop_id,
    parents.parent_order_sn,
    case when details.parent_order_sn is null then 'pending' else 'completed' end as status,
    parents.source_updated_at as created_at,
    details.loaded_at as completed_at
from parents
left join details using (shop_id, parent_order_sn)
