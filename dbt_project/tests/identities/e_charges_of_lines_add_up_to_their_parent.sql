{{ config(severity='error', meta={'dagster': {'ref': {'name': 'fct_order_lines_costed'}}}) }}
-- §8, A2: the shares of a parent's lines are its total, to the cent.
with totals as (
    select shop_id, parent_order_sn as parent_key, sum(charge_cny) as charges_cny
    from {{ ref('int_order_charges__converted') }}
    where quarantine_reason is null
    group by shop_id, parent_order_sn
),

shares as (
    select shop_id, parent_key, sum(charges_cny) as charges_cny
    from {{ ref('fct_order_lines_costed') }}
    group by shop_id, parent_key
)

select shop_id, parent_key, totals.charges_cny as total, shares.charges_cny as of_lines
from totals
full join shares using (shop_id, parent_key)
where coalesce(totals.charges_cny, 0) <> coalesce(shares.charges_cny, 0)
