{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_profit_statement'}}}) }}
-- §6.5: all settled money is in the statement, matched or not, and no row of it is matched to an order that is not there.
with rows_of_source as (
    select shop_id, count(*) as settlement_lines, sum(amount_cny) as amount_cny
    from {{ ref('int_settlement_lines__converted') }}
    where quarantine_reason is null
    group by shop_id
),

statement as (
    select
        shop_id, sum(settlement_lines) as settlement_lines, sum(revenue_cny) as amount_cny,
        sum(
            coalesce(sales_receipt_cny, 0) + coalesce(sales_reversal_cny, 0) + coalesce(freight_receipt_cny, 0)
            + coalesce(freight_reversal_cny, 0) + coalesce(subsidy_cny, 0) + coalesce(other_cny, 0)
        ) as of_parts
    from {{ ref('mart_profit_statement') }}
    group by shop_id
)

select shop_id::text as shop, 'settled money' as what, rows_of_source.amount_cny as of_source, statement.amount_cny as of_statement
from rows_of_source
full join statement using (shop_id)
where rows_of_source.settlement_lines is distinct from statement.settlement_lines
    or coalesce(rows_of_source.amount_cny, 0) <> coalesce(statement.amount_cny, 0)
    or coalesce(statement.of_parts, 0) <> coalesce(statement.amount_cny, 0)
union all
select statement.parent_key, 'arithmetic of a row', statement.revenue_cny - statement.total_cost_cny, statement.profit_cny
from {{ ref('mart_profit_statement') }} as statement
left join (select distinct shop_id, parent_key from {{ ref('fct_order_lines_costed') }}) as parents using (shop_id, parent_key)
where statement.profit_cny is distinct from statement.revenue_cny - statement.total_cost_cny
    or statement.is_matched <> (parents.parent_key is not null and statement.parent_key <> '')
    or (statement.is_fully_costed and statement.total_cost_cny is null)
