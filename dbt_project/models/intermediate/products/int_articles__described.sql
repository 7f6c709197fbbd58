-- What to call an article and who answers for it now. One row per sku_code carried by a listing of a production shop.
-- Several listings may share a code: the active one sold most recently listed first, then the lowest id.
select distinct on (sku_code)
    sku_code,
    product_name,
    category,
    manager
from {{ ref('int_products__deduplicated') }}
where is_production and sku_code is not null
order by sku_code, is_active desc, listed_at desc nulls last, id
