{{ config(materialized='ephemeral') }}
-- First package of each child order.
with landed as (
    select shop_id, payload from {{ source('raw_temu', 'order_details') }} offset 0
)

select distinct on (landed.shop_id, line."orderSn")
    landed.shop_id,
    line."orderSn" as order_sn,
    line."packageSnInfo" -> 0 ->> 'packageSn' as package_sn
from landed
cross join lateral jsonb_to_recordset({{ json_array("landed.payload -> 'orderList'") }}) as line (
    "orderSn" text, "packageSnInfo" jsonb
)
where jsonb_typeof(line."packageSnInfo") = 'array'
order by landed.shop_id, line."orderSn", package_sn
