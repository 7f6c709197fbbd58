with by_shop as (
    select * from {{ ref('int_hot_sellers__by_shop') }}
),

sku_counts as (
    select by_shop.month_start, by_shop.manager, count(distinct codes.sku_code) as skus_sold
    from by_shop
    cross join lateral jsonb_array_elements_text(by_shop.sku_codes) as codes (sku_code)
    group by by_shop.month_start, by_shop.manager
),

sums as (
    select
        month_start,
        manager,
        {{ sum_measures(['units_sold', 'orders', 'gmv_cny', 'refund_cny', 'net_revenue_cny', 'costed_net_revenue_cny',
            'profit_cny', 'unpriced_lines', 'uncosted_lines']) }}
    from by_shop
    group by month_start, manager
),

sold as (
    select sums.*, coalesce(sku_counts.skus_sold, 0) as skus_sold
    from sums
    left join sku_counts using (month_start, manager)
),

per_metric as ( -- a manager-level target wins, else the shops' targets add up
    select
        target_month as month_start,
        manager,
        metric,
        coalesce(max(target_value) filter (where shop_id is null), sum(target_value)) as target_value
    from {{ ref('int_sales_targets__resolved') }}
    group by target_month, manager, metric
),

targets as (
    select month_start, manager, {{ target_columns('target_value') }}
    from per_metric
    group by month_start, manager
),

{{ hot_seller_ctes(['manager'], []) }}

select
    moved.month_start,
    moved.manager,
    {{ hot_seller_columns() }}
from moved
