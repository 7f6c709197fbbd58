{{ config(materialized='ephemeral') }}
-- Raw parent orders unpacked to child orders; the payload is de-toasted once.
with landed as (
    select shop_id, parent_order_sn, source_updated_at, payload
    from {{ source('raw_temu', 'orders') }}
    offset 0
)

select
    landed.shop_id,
    landed.parent_order_sn,
    landed.source_updated_at,
    parent.*,
    line.*,
    case when jsonb_array_length({{ json_array('line.products') }}) = 1 then line.products -> 0 end as product,
    jsonb_array_length({{ json_array('line.products') }}) as components,
    coalesce({{ json_code('line.order_status') }}, {{ json_code('parent.parent_order_status') }}) as status_code
from landed
cross join lateral (
    select
        item ->> 'parentOrderStatus' as parent_order_status,
        item ->> 'parentOrderTime' as parent_order_time,
        item ->> 'parentShippingTime' as parent_shipping_time,
        item ->> 'expectShipLatestTime' as expect_ship_latest_time,
        item ->> 'latestDeliveryTime' as latest_delivery_time,
        item ->> 'regionId' as region_id
    from jsonb_to_record({{ json_object('landed.payload') }}) as page ("parentOrderMap" jsonb)
    cross join lateral (select {{ json_object('page."parentOrderMap"') }} as item) as map
) as parent
cross join lateral (
    select
        child."orderSn" as order_sn,
        child."orderStatus" as order_status,
        child.quantity as quantity,
        child."skuId" as sku_id,
        coalesce(child."originalGoodsName", child."goodsName") as goods_name,
        child."productList" as products,
        child."orderShippingTime" as order_shipping_time,
        child."fulfillmentType" as fulfillment_type
    from jsonb_to_recordset({{ json_array("landed.payload -> 'orderList'") }}) as child (
        "orderSn" text, "orderStatus" text, quantity text, "skuId" text, "goodsName" text, "originalGoodsName" text,
        "productList" jsonb, "orderShippingTime" text, "fulfillmentType" text
    )
) as line
