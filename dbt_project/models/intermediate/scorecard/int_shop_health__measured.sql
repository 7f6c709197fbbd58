-- What the scorecard judges (§6.8): the 30 days ending as_of_date, GMV beside the 30 before, late shipping of parcels placed
-- in the window, and the share of on-sale articles that are out of stock now (articles of unknown stock left out).
-- One row per shop with a business day up to as_of_date.
with sales as (
    select
        shop_id,
        sum(gmv_cny) filter (where order_date > {{ as_of_date() }} - 30) as gmv_cny,
        sum(gmv_cny) filter (where order_date <= {{ as_of_date() }} - 30) as gmv_before_cny,
        {%- for measure in ['orders', 'cancelled_orders', 'refund_cny', 'net_revenue_cny', 'costed_net_revenue_cny',
            'profit_cny'] %}
        sum({{ measure }}) filter (where order_date > {{ as_of_date() }} - 30) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('mart_gmv_daily') }}
    where order_date <= {{ as_of_date() }} and order_date > {{ as_of_date() }} - 60
    group by shop_id
),

parcels as (
    select
        shop_id,
        sum(judged_parcels)::bigint as judged_parcels,
        sum(late_parcels + overdue_unshipped_parcels)::bigint as late_parcels
    from {{ ref('mart_logistics_daily') }}
    where order_date <= {{ as_of_date() }} and order_date > {{ as_of_date() }} - 30
    group by shop_id
),

exceptions as ( -- what has arrived is no open matter
    select shop_id, count(*) as open_exceptions
    from {{ ref('fct_shipments') }}
    where exception_reason is not null and not is_delivered
    group by shop_id
),

articles as (
    select shop_id, sku_code, bool_or(is_active) as is_on_sale, sum(stock_on_hand) as stock_on_hand
    from {{ ref('int_products__stocked') }}
    where sku_code is not null
    group by shop_id, sku_code
),

stocks as (
    select
        shop_id,
        count(*) filter (where stock_on_hand is not null) as on_sale_skus,
        count(*) filter (where stock_on_hand <= 0) as stock_out_skus
    from articles
    where is_on_sale
    group by shop_id
)

select
    sales.shop_id,
    coalesce(sales.gmv_cny, 0) as gmv_cny,
    sales.gmv_before_cny,
    coalesce(sales.orders, 0)::bigint as orders,
    sales.profit_cny,
    sales.costed_net_revenue_cny,
    {{ ratio('coalesce(sales.gmv_cny, 0) - sales.gmv_before_cny', 'sales.gmv_before_cny') }} as gmv_growth,
    {{ ratio('sales.profit_cny', 'sales.costed_net_revenue_cny') }} as profit_margin,
    {{ ratio('parcels.late_parcels', 'parcels.judged_parcels') }} as late_ship_rate,
    {{ ratio('sales.refund_cny', 'sales.gmv_cny') }} as refund_rate,
    {{ ratio('sales.cancelled_orders', 'sales.orders + sales.cancelled_orders') }} as cancel_rate,
    {{ ratio('stocks.stock_out_skus', 'stocks.on_sale_skus') }} as stock_out_share,
    {{ ratio('sales.costed_net_revenue_cny', 'sales.net_revenue_cny') }} as cost_coverage,
    coalesce(exceptions.open_exceptions, 0) as open_exceptions
from sales
left join parcels using (shop_id)
left join exceptions using (shop_id)
left join stocks using (shop_id)
