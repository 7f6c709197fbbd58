-- Charges as the accounts see them (§6.5): per day, shop, parent and kind. A charge without a date is booked on the
-- business day of its parent. One row per (shop_id, parent_key, charge_type, accounting_date).
with charges as (
    select * from {{ ref('int_order_charges__converted') }} where quarantine_reason is null
),

undated_parents as ( -- T1: all lines of a parent share their day
    select shop_id, parent_key, min(order_date) as order_date
    from {{ ref('int_order_lines__placed') }}
    where (shop_id, parent_key) in (select shop_id, parent_order_sn from charges where charge_date is null)
    group by shop_id, parent_key
)

select
    charges.shop_id,
    charges.parent_order_sn as parent_key,
    charges.charge_type,
    coalesce(charges.charge_date, undated_parents.order_date) as accounting_date,
    sum(charges.charge_cny)::numeric(38, 2) as charge_cny
from charges
left join undated_parents on charges.shop_id = undated_parents.shop_id and charges.parent_order_sn = undated_parents.parent_key
group by 1, 2, 3, 4
