{{ unpacking('orders', ['shop_id', 'parent_order_sn']) }}
-- Raw parent orders unpacked to child orders. `components` keeps the parts of a line that its one product does not say.
with landed as (
    select shop_id, parent_order_sn, source_updated_at, payload
    from {{ landed_since('orders') }} as fresh
),

lines as (
    select
        landed.shop_id,
        landed.parent_order_sn,
        landed.source_updated_at,
        parent.*,
        line.*,
        jsonb_array_length({{ json_array('line.products') }}) as components_count,
        {{ json_array('line.products') }} -> 0 as product
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
            child."fulfillmentType" as fulfillment_type,
            child."exportDeclaredValue" as declared
        from jsonb_to_recordset({{ json_array("landed.payload -> 'orderList'") }}) as child (
            "orderSn" text, "orderStatus" text, quantity text, "skuId" text, "goodsName" text, "originalGoodsName" text,
            "productList" jsonb, "orderShippingTime" text, "fulfillmentType" text, "exportDeclaredValue" jsonb
        )
    ) as line
)

select
    {{ natural_id('order', ['shop_id', 'parent_order_sn', 'order_sn']) }} as id,
    shop_id,
    parent_order_sn,
    order_sn,
    source_updated_at,
    {{ json_code('parent_order_status') }} as parent_status_code,
    coalesce({{ json_code('order_status') }}, {{ json_code('parent_order_status') }}) as status_code,
    {{ json_bigint('quantity') }} as quantity,
    sku_id,
    -- The platform's own link to the listing: the order-level SKU id names the row of the SKU list.
    case when sku_id is not null then {{ natural_id('product', ['shop_id', 'sku_id']) }} end as product_id,
    case when components_count = 1 then product ->> 'productSkuId' end as product_sku_id,
    case when components_count = 1 then product ->> 'extCode' end as product_sku,
    case when components_count = 1 then product ->> 'productId' end as spu_id,
    case
        when components_count > 1 or coalesce({{ json_number("(product ->> 'soldFactor')") }}, 1) <> 1 then products
    end as components,
    goods_name,
    {{ json_epoch('parent_order_time') }} as order_time,
    coalesce({{ json_epoch('order_shipping_time') }}, {{ json_epoch('parent_shipping_time') }}) as shipping_time,
    {{ json_epoch('expect_ship_latest_time') }} as expect_ship_latest_time,
    {{ json_epoch('latest_delivery_time') }} as latest_delivery_time,
    fulfillment_type,
    {{ json_code('region_id') }} as region_id,
    {{ json_number("(declared ->> 'amount')") }} as declared_minor,
    upper(declared ->> 'currency') as declared_currency
from lines
