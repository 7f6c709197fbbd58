{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_pnl_reconciliation'}}}) }}
-- §6.5: the difference between both profits of a month is explained to the cent, and both are those of their marts.
with months as (
    select month_start, shop_id, profit_cny from {{ ref('mart_gmv_monthly') }}
),

accounts as (
    select month_start, shop_id, sum(amount_cny) as profit_cny from {{ ref('mart_pnl_lines') }} group by month_start, shop_id
)

select
    month_start, shop_id, months.profit_cny as of_orders, reconciliation.order_profit_cny,
    accounts.profit_cny as of_accounts, reconciliation.accounting_profit_cny, reconciliation.unexplained_cny
from {{ ref('mart_pnl_reconciliation') }} as reconciliation
full join months using (month_start, shop_id)
full join accounts using (month_start, shop_id)
where reconciliation.unexplained_cny is distinct from 0
    or reconciliation.order_profit_cny is distinct from coalesce(months.profit_cny, 0)
    or reconciliation.accounting_profit_cny is distinct from coalesce(accounts.profit_cny, 0)
