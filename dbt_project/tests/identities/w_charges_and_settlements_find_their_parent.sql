{{ config(severity='warn') }}
-- §8: at least 99 % of charges and of settlement rows name a parent order that we hold.
with parents as (
    select distinct shop_id, parent_key from {{ ref('int_order_lines__placed') }} where quarantine_reason is null
),

named as (
    select 'order_charges' as entity, shop_id, parent_order_sn from {{ ref('int_order_charges__typed') }}
    union all
    select 'settlement_lines', shop_id, parent_order_sn from {{ ref('int_settlement_lines__typed') }}
)

select entity, count(*) as named_rows, count(*) filter (where parents.parent_key is null) as without_parent
from named
left join parents on named.shop_id = parents.shop_id and named.parent_order_sn = parents.parent_key
group by entity
having count(*) filter (where parents.parent_key is null) > 0.01 * count(*)
