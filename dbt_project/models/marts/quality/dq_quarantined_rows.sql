with order_lines as (
    select 'orders' as entity, order_line_id as id, shop_id, order_sn, quarantine_reason as reason
    from {{ ref('int_order_lines__placed') }}
),

refunds as (
    select 'refunds' as entity, id, shop_id, order_sn, quarantine_reason as reason
    from {{ ref('int_refunds__attached') }}
),

charges as (
    select 'order_charges' as entity, id, shop_id, parent_order_sn as order_sn, quarantine_reason as reason
    from {{ ref('int_order_charges__converted') }}
),

settlements as ( -- their number is that of the line in its statement
    select 'settlement_lines' as entity, line_no::bigint as id, shop_id, parent_key as order_sn, quarantine_reason as reason
    from {{ ref('int_settlement_lines__converted') }}
),

quarantined as (
    select * from order_lines
    union all
    select * from refunds
    union all
    select * from charges
    union all
    select * from settlements
)

select
    entity,
    id,
    shop_id,
    order_sn,
    reason,
    {{ refreshed_at() }} as _refreshed_at
from quarantined
where reason is not null
