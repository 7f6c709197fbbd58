-- Unit cost of lines that bundle several articles or several pieces of one (§3.4): the components' costs times their
-- sold factors, each component matched by listing, then by code (M1, M2). One row per order line with components.
with components as (
    select
        *,
        {{ n2('product_sku') }} as sku,
        case when sold_factor > 0 and sold_factor < 1e6 then sold_factor else 1 end as factor
    from {{ ref('int_order_line_components__typed') }}
),

lines as (
    select
        order_line_key, shop_id, order_sn, order_placed_at, order_date,
        count(*) over (partition by shop_id, order_sn) as lines_of_order_sn
    from {{ ref('int_order_lines__priced') }}
    where (shop_id, order_sn) in (select shop_id, order_sn from components)
),

products as (
    select * from {{ ref('int_products__deduplicated') }}
),

costs as (
    select * from {{ ref('int_product_costs__segmented') }}
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }}
),

by_listing as (
    select shop_id, product_id, min(id) as id
    from products
    where product_id is not null
    group by shop_id, product_id
),

by_code as (
    select distinct on (shop_id, sku_code) shop_id, sku_code, id
    from products
    where sku_code is not null
    order by shop_id, sku_code, is_active desc, id
),

matched as (
    select
        lines.order_line_key,
        lines.order_placed_at,
        lines.order_date,
        components.factor,
        coalesce(by_listing.id, by_code.id) as product_id
    from lines
    inner join components using (shop_id, order_sn)
    left join by_listing
        on components.shop_id = by_listing.shop_id and components.product_sku_id = by_listing.product_id
    left join by_code on components.shop_id = by_code.shop_id and components.sku = by_code.sku_code
    where lines.lines_of_order_sn = 1
),

costed as (
    select
        matched.*,
        costs.product_id is not null as has_cost_rows,
        costs.is_valid,
        costs.is_valid and costs.is_overlap as is_overlap,
        matched.factor * costs.cost_price * {{ fx('costs.currency', 'rates.rate') }} as cost
    from matched
    left join costs
        on matched.product_id = costs.product_id
        and matched.order_placed_at >= costs.segment_from
        and (costs.segment_to is null or matched.order_placed_at < costs.segment_to)
    left join rates on costs.currency = rates.currency and matched.order_date = rates.rate_date
)

select
    order_line_key,
    case -- C4 for the whole: its first reason in that order
        when bool_or(product_id is null) then 'no_product'
        when bool_or(not has_cost_rows) then 'no_cost'
        when bool_or(not is_valid) then 'gap'
        when bool_or(cost is null) then 'no_fx'
        else 'matched'
    end as cost_status,
    coalesce(bool_or(is_overlap), false) as is_overlap,
    case when bool_and(cost is not null) then sum(cost) end as unit_cost,
    case when bool_and(cost is not null) then sum(cost) end as est_unit_cost
from costed
group by order_line_key
