-- What a buyer sees, an amount in text: 0 until the SKU sells for the first time, which is unknown.
select
    shop_id,
    sku_id::text as product_sku_id,
    nullif({{ json_number("payload #>> '{retailPrice,amount}'") }}, 0) as retail_price,
    {{ n3(n1("payload #>> '{retailPrice,currency}'")) }} as currency,
    {{ json_instant("payload ->> 'skuStatusChangeTime'") }} as status_changed_at,
    source_updated_at as updated_at
from {{ source('raw_temu', 'products') }}
