{{ config(materialized='ephemeral') }}
-- The currency in which each listing SKU is sold, for endpoints that tell minor units and no currency.
select shop_id, goods_id, sku_id::text as sku_id, {{ n3(n1("payload ->> 'currency'")) }} as currency
from {{ source('raw_temu', 'products') }}
