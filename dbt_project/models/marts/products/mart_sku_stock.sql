{% set window = var('velocity_window_days') %}
with articles as (
    select * from {{ ref('int_articles__described') }}
),

stocks as (
    select
        sku_code,
        bool_or(is_active) as is_on_sale,
        min(listed_date) as listed_date,
        sum(stock_on_hand) as stock_on_hand,
        sum(in_transit) as in_transit
    from {{ ref('int_products__stocked') }}
    where sku_code is not null and sku_code <> '{{ var("unknown_sku") }}'
    group by sku_code
),

sales as (
    select
        sku_code,
        min(order_date) as first_sale_date,
        max(order_date) as last_sale_date,
        coalesce(sum(units_sold) filter (where order_date > {{ as_of_date() }} - {{ window }}), 0) as units_30d
    from {{ ref('mart_sku_daily') }}
    where order_lines > 0 and order_date <= {{ as_of_date() }} and sku_code <> '{{ var("unknown_sku") }}'
    group by sku_code
),

joined as (
    select
        sku_code,
        coalesce(stocks.is_on_sale, false) as is_on_sale,
        case when abs(stocks.stock_on_hand) < 1e15 then stocks.stock_on_hand::bigint end as stock_on_hand,
        case when abs(stocks.in_transit) < 1e15 then stocks.in_transit::bigint end as in_transit,
        stocks.listed_date,
        sales.first_sale_date,
        sales.last_sale_date,
        coalesce(sales.units_30d, 0)::bigint as units_30d,
        case -- LEAST ignores NULL, so never sold is asked first
            when sales.first_sale_date is not null
                then least({{ window }}, {{ as_of_date() }} - sales.first_sale_date + 1)
        end as velocity_days
    from stocks
    full join sales using (sku_code)
)

select
    {{ as_of_date() }} as as_of_date,
    joined.sku_code,
    articles.product_name,
    articles.category,
    articles.manager,
    joined.is_on_sale,
    joined.stock_on_hand,
    joined.in_transit,
    joined.listed_date,
    joined.first_sale_date,
    joined.last_sale_date,
    joined.velocity_days,
    joined.units_30d,
    {{ ratio('joined.units_30d', 'joined.velocity_days') }} as avg_daily_units,
    round(joined.stock_on_hand::numeric * joined.velocity_days / nullif(joined.units_30d, 0), 1)::numeric(38, 1)
        as days_of_cover,
    {{ ratio('joined.units_30d', 'joined.units_30d + joined.stock_on_hand') }} as sell_through_30d,
    {{ refreshed_at() }} as _refreshed_at
from joined
left join articles using (sku_code)
