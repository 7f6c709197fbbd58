-- The lines of cancellation cases; their times are milliseconds, there is no money.
select
    landed.shop_id,
    landed.parent_after_sales_sn,
    line."afterSalesSn" as after_sales_sn,
    line."parentOrderSn" as parent_order_sn,
    line."orderSn" as order_sn,
    line."productSkuId" as product_sku_id,
    landed.status,
    {{ json_bigint('line."applyGoodsNumber"') }} as units,
    {{ json_epoch('line."createAtMillis"') }} as created_at,
    landed.source_updated_at as updated_at
from {{ source('raw_temu', 'cancellations') }} as landed
cross join lateral jsonb_to_recordset({{ json_array("landed.payload -> 'afterSalesInfoList'") }}) as line (
    "afterSalesSn" text, "parentOrderSn" text, "orderSn" text, "productSkuId" text, "applyGoodsNumber" text,
    "createAtMillis" text
)
