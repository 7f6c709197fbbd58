-- What one unit of an article costs now: the cost valid at the end of as_of_date (C2) at that day's rate, of the listing
-- that describes the article, else of the next that has one. One row per sku_code with a known cost.
with products as (
    select * from {{ ref('int_products__deduplicated') }} where is_production and sku_code is not null
),

costs as (
    select *
    from {{ ref('int_product_costs__segmented') }}
    where is_valid
        and segment_from < {{ end_of_as_of_date() }}
        and (segment_to is null or segment_to >= {{ end_of_as_of_date() }})
),

rates as (
    select * from {{ ref('int_fx_rates__daily') }} where rate_date = {{ as_of_date() }}
),

costed as (
    select products.*, costs.cost_price * {{ fx('costs.currency', 'rates.rate') }} as unit_cost
    from products
    inner join costs on products.id = costs.product_id
    left join rates on costs.currency = rates.currency
)

select distinct on (sku_code)
    sku_code,
    round(unit_cost, 4) as unit_cost_cny
from costed
where unit_cost is not null
order by sku_code, is_active desc, listed_at desc nulls last, id
