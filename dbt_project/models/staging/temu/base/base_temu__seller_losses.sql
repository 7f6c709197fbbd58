{{ config(materialized='ephemeral') }}
-- What the seller has lost by refunds on a parent order: the settlement's reversals, else the platform's estimated
-- deduction less the units cancelled before shipment (§3.6). Major units; one row per parent order with such a loss.
with reversals as (
    select shop_id, parent_order_sn, currency, -sum(amount) as loss
    from {{ ref('stg_files__settlement_lines') }}
    where line_type = 'sales_reversal'
    group by shop_id, parent_order_sn, currency
),

cancelled as (
    select amounts.shop_id, amounts.parent_order_sn, sum(
        amounts.unit_base * greatest(amounts.original_quantity - lines.quantity, 0)
    ) as value
    from {{ ref('base_temu__order_line_amounts') }} as amounts
    inner join {{ ref('base_temu__order_lines') }} as lines using (shop_id, parent_order_sn, order_sn)
    group by amounts.shop_id, amounts.parent_order_sn
),

deductions as (
    select
        amounts.shop_id,
        amounts.parent_order_sn,
        amounts.deduction_currency as currency,
        {{ from_minor_units('amounts.deduction - coalesce(cancelled.value, 0)', 'amounts.deduction_currency') }} as loss
    from {{ ref('base_temu__order_amounts') }} as amounts
    left join cancelled using (shop_id, parent_order_sn)
    where amounts.deduction > 0
),

losses as (
    select *, 1 as precedence from reversals
    union all
    select *, 2 as precedence from deductions
)

select distinct on (shop_id, parent_order_sn) shop_id, parent_order_sn, currency, loss
from losses
where loss > 0
order by shop_id, parent_order_sn, precedence, loss desc
