{{ config(materialized='ephemeral') }}
-- Manager rows per listing. Rows that name a shop replace rows for all shops; a repeated key takes the last upload.
with assigned as (
    select
        listings.product_id,
        managers.manager,
        managers.category,
        managers.effective_from,
        managers.loaded_at as created_at,
        managers.row_no,
        managers.shop_id is not null as is_of_shop,
        bool_or(managers.shop_id is not null) over (partition by listings.product_id) as has_row_of_shop
    from {{ source('raw_files', 'product_managers') }} as managers
    inner join {{ ref('base_files__listings') }} as listings
        on listings.code = {{ n2(n1('managers.sku_code')) }}
        and (managers.shop_id is null or managers.shop_id = listings.shop_id)
)

select distinct on (product_id, effective_from)
    product_id,
    {{ n1('manager') }} as manager,
    {{ n1('category') }} as category,
    effective_from,
    created_at
from assigned
where is_of_shop = has_row_of_shop
order by product_id, effective_from, created_at desc, row_no desc
