{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_gmv_daily'}}}) }}
-- §8: ratios lie in 0–1, margins at most at 1. Coverage may leave it only where charges of refunds make revenue negative.
{%- for mart in ['mart_gmv_daily', 'mart_gmv_weekly', 'mart_gmv_monthly', 'mart_sku_daily', 'mart_sku_daily_by_manager',
    'mart_sku_monthly_by_manager'] %}
select '{{ mart }}' as mart, shop_id, profit_margin, cost_coverage, refund_rate, cancel_rate
from {{ ref(mart) }}
where refund_rate not between 0 and 1 or cancel_rate not between 0 and 1 or cost_coverage not between 0 and 1
    or (profit_margin > 1 and charges_cny >= 0)
{{ 'union all' if not loop.last }}
{%- endfor %}
