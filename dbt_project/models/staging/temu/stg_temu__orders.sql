with lines as (
    select * from {{ ref('base_temu__order_lines') }}
),

amounts as (
    select * from {{ ref('base_temu__order_line_amounts') }}
),

deliveries as (
    select * from {{ ref('base_temu__deliveries') }}
),

packages as (
    select * from {{ ref('base_temu__packages') }}
),

regions as (
    select * from {{ ref('temu_regions') }}
)

select
    {{ natural_id('order', ['lines.shop_id', 'lines.parent_order_sn', 'lines.order_sn']) }} as id,
    lines.shop_id,
    lines.order_sn,
    lines.order_sn as temu_order_id,
    lines.parent_order_sn,
    -- The platform's own link to the listing: the order-level SKU id names the row of the SKU list.
    case when lines.sku_id is not null then {{ natural_id('product', ['lines.shop_id', 'lines.sku_id']) }} end as product_id,
    lines.product ->> 'productSkuId' as product_sku_id,
    lines.product ->> 'extCode' as product_sku,
    lines.product ->> 'productId' as spu_id,
    lines.goods_name as product_name,
    {{ json_bigint('lines.quantity') }} as quantity,
    {{ from_minor_units('amounts.unit_base', 'amounts.currency') }} as unit_price,
    {{ from_minor_units(
        'amounts.net_base * ' ~ json_number('lines.quantity') ~ ' / amounts.original_quantity', 'amounts.currency'
    ) }} as total_price,
    amounts.currency,
    null::text as status,
    lines.status_code as temu_status_code,
    {{ json_epoch('lines.parent_order_time') }} as order_time,
    null::timestamptz as payment_time,
    coalesce({{ json_epoch('lines.order_shipping_time') }}, {{ json_epoch('lines.parent_shipping_time') }}) as shipping_time,
    {{ json_epoch('lines.expect_ship_latest_time') }} as expect_ship_latest_time,
    {{ json_epoch('lines.latest_delivery_time') }} as latest_delivery_time,
    deliveries.delivered_at as delivery_time,
    lines.fulfillment_type,
    packages.package_sn,
    null::text as customer_id,
    regions.country_code as shipping_country,
    null::text as shipping_state,
    lines.source_updated_at as updated_at
from lines
left join amounts using (shop_id, order_sn)
left join deliveries using (shop_id, order_sn)
left join packages using (shop_id, order_sn)
left join regions on {{ json_code('lines.region_id') }} = regions.region_id
