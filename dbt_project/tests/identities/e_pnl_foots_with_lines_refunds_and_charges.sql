{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_pnl_lines'}}}) }}
-- §8: the P&L foots. Per shop, each line of it is the sum of what it was made from: order lines, refunds or charges.
with accounts as (
    select shop_id, pnl_line, sum(amount_cny) as amount_cny from {{ ref('mart_pnl_lines') }} group by shop_id, pnl_line
),

made_from as (
    select lines.shop_id, part.pnl_line, sum(part.amount_cny) as amount_cny
    from {{ ref('fct_order_lines_costed') }} as lines
    cross join lateral (
        values
        ('gmv', lines.gmv_cny), ('cogs', -lines.cogs_cny), ('platform_fee', -lines.platform_fee_cny),
        ('payment_fee', -lines.payment_fee_cny), ('refunds', case when lines.refund_inferred then -lines.refund_cny end)
    ) as part (pnl_line, amount_cny)
    group by lines.shop_id, part.pnl_line
    union all
    select shop_id, 'refunds', -sum(booked_cny) from {{ ref('int_refunds__booked') }} group by shop_id
    union all
    select shop_id, charge_type, -sum(charge_cny)
    from {{ ref('int_order_charges__converted') }}
    where quarantine_reason is null
    group by shop_id, charge_type
),

expected as (
    select shop_id, pnl_line, sum(amount_cny) as amount_cny from made_from group by shop_id, pnl_line
)

select shop_id, pnl_line, accounts.amount_cny as of_accounts, expected.amount_cny as of_rows
from accounts
full join expected using (shop_id, pnl_line)
where coalesce(accounts.amount_cny, 0) <> coalesce(expected.amount_cny, 0)
