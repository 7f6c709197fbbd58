{{ config(severity='warn') }}
-- §8: at least 99 % of charges name a parent order that we hold.
select count(*) as charges, count(*) filter (where quarantine_reason = 'charge_unallocated') as without_parent
from {{ ref('int_order_charges__converted') }}
where coalesce(quarantine_reason, '') not in ('orphan_shop', 'sandbox_shop')
having count(*) filter (where quarantine_reason = 'charge_unallocated') > 0.01 * count(*)
