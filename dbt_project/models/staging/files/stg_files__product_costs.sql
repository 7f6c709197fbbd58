with priced as (
    select
        listings.product_id,
        costs.cost_price,
        {{ n3(n1('costs.currency')) }} as currency,
        costs.effective_from,
        coalesce(costs.closed_at, costs.effective_to) as effective_to,
        costs.loaded_at as created_at,
        costs.row_no,
        costs.shop_id is not null as is_of_shop
    from {{ source('raw_files', 'product_costs') }} as costs
    inner join {{ ref('base_files__listings') }} as listings
        on listings.code = {{ n2(n1('costs.sku_code')) }}
        and (costs.shop_id is null or costs.shop_id = listings.shop_id)
)

-- `closed_at`: a later start ended the interval before what the file says.
-- The same listing and start: a row that names the shop goes first, then the last upload.
select distinct on (product_id, effective_from)
    {{ natural_id('product_cost', ['product_id', 'extract(epoch from effective_from)']) }} as id,
    product_id,
    cost_price,
    currency,
    effective_from,
    effective_to,
    created_at
from priced
order by product_id, effective_from, is_of_shop desc, created_at desc, row_no desc
