{{ config(materialized='ephemeral') }}
-- Which listings an uploaded row about (shop or all shops, article code) speaks of.
select
    {{ natural_id('product', ['shop_id', 'sku_id']) }} as product_id,
    shop_id,
    {{ n2(n1('sku_code')) }} as code
from {{ source('raw_temu', 'products') }}
where sku_code is not null
