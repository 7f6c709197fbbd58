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

destinations as (
    select * from {{ ref('base_temu__destinations') }}
),

regions as (
    select * from {{ ref('temu_regions') }}
)

select
    lines.id,
    lines.shop_id,
    lines.order_sn,
    lines.order_sn as temu_order_id,
    lines.parent_order_sn,
    lines.product_id,
    lines.product_sku_id,
    lines.product_sku,
    lines.spu_id,
    lines.goods_name as product_name,
    lines.quantity,
    amounts.unit_price,
    {{ from_minor_units('amounts.net_base * lines.quantity / amounts.original_quantity', 'amounts.currency') }} as total_price,
    amounts.currency,
    null::text as status,
    lines.status_code as temu_status_code,
    lines.order_time,
    null::timestamptz as payment_time,
    lines.shipping_time,
    lines.expect_ship_latest_time,
    lines.latest_delivery_time,
    deliveries.delivered_at as delivery_time,
    lines.fulfillment_type,
    packages.package_sn,
    null::text as customer_id,
    regions.country_code as shipping_country,
    destinations.state as shipping_state,
    lines.source_updated_at as updated_at
from lines
left join amounts using (shop_id, parent_order_sn, order_sn)
left join deliveries using (shop_id, order_sn)
left join packages using (shop_id, order_sn)
left join destinations using (shop_id, parent_order_sn)
left join regions using (region_id)
union all
select
    id,
    shop_id,
    order_sn,
    temu_order_id,
    null::text as parent_order_sn,
    null::bigint as product_id,
    null::text as product_sku_id,
    product_sku,
    null::text as spu_id,
    product_name,
    quantity,
    unit_price,
    total_price,
    currency,
    status,
    null::integer as temu_status_code,
    order_time,
    payment_time,
    shipping_time,
    null::timestamptz as expect_ship_latest_time,
    null::timestamptz as latest_delivery_time,
    delivery_time,
    null::text as fulfillment_type,
    null::text as package_sn,
    customer_id,
    shipping_country,
    null::text as shipping_state,
    source_updated_at as updated_at
from {{ ref('base_temu__flat_orders') }}
