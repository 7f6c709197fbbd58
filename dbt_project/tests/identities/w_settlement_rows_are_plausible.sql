{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'mart_profit_statement'}}}) }}
-- §8 on settlement rows: the kind is known, the amount too, a reversal takes money back, the orders are found
-- for 99 % of the rows, and have a sale line.
with sales as (
    select shop_id, parent_key, sale_lines from {{ ref('int_parents__summed') }}
),

shares as (
    select count(*) filter (where sales.parent_key is null) > 0.01 * count(*) as many_unknown
    from {{ ref('int_settlement_lines__converted') }} as lines
    left join sales using (shop_id, parent_key)
    where lines.quarantine_reason is null
)

select
    lines.shop_id, lines.settlement_sn, lines.line_no, lines.parent_key, lines.line_type, lines.amount_cny,
    case
        when lines.quarantine_reason is not null then lines.quarantine_reason
        when lines.amount_cny is null then 'amount_unknown'
        when lines.line_type in ('sales_reversal', 'freight_reversal') and lines.amount_cny > 0 then 'reversal_positive'
        when sales.parent_key is null then 'parent_unknown'
        else 'no_sale_line'
    end as finding
from {{ ref('int_settlement_lines__converted') }} as lines
cross join shares
left join sales using (shop_id, parent_key)
where coalesce(lines.quarantine_reason, '') <> 'sandbox_shop'
    and (
        lines.quarantine_reason is not null
        or lines.amount_cny is null
        or (lines.line_type in ('sales_reversal', 'freight_reversal') and lines.amount_cny > 0)
        or (sales.parent_key is null and shares.many_unknown)
        or sales.sale_lines = 0
    )
