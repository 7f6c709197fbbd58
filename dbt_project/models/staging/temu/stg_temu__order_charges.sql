-- Shipping money the platform passes on: a charge row, never GMV (§3.6). A parent that is pending or cancelled as a
-- whole has none: its deduction takes the shipping back. A parent of unknown status may have one (S4: charges bite).
with parents as (
    select distinct on (shop_id, parent_order_sn) shop_id, parent_order_sn, parent_status_code, order_time
    from {{ ref('base_temu__order_lines') }}
    order by shop_id, parent_order_sn
),

amounts as (
    select * from {{ ref('base_temu__order_amounts') }}
)

select
    {{ natural_id('freight_income', ['amounts.shop_id', 'amounts.parent_order_sn']) }} as id,
    amounts.shop_id,
    amounts.parent_order_sn,
    'freight_income' as charge_type,
    {{ from_minor_units('amounts.shipping', 'amounts.shipping_currency') }} as amount,
    amounts.shipping_currency as currency,
    {{ reporting_day('parents.order_time') }} as charge_date
from amounts
inner join parents using (shop_id, parent_order_sn)
where amounts.shipping > 0 and coalesce(parents.parent_status_code, 0) not in (1, 3)
