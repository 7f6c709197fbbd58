{{ config(materialized='ephemeral') }}
-- Orders of shops that speak the simplified REST interface: one SKU each, with their money, words for statuses (§3.6).
select
    {{ natural_id('order', ['landed.shop_id', 'landed.order_sn', 'landed.order_sn']) }} as id,
    landed.shop_id,
    landed.order_sn,
    flat.order_id as temu_order_id,
    flat.sku as product_sku,
    flat.product_name,
    {{ json_bigint('flat.quantity') }} as quantity,
    {{ json_number('flat.unit_price') }} as unit_price, -- decimal strings in this dialect
    {{ json_number('flat.total_amount') }} as total_price,
    upper(flat.currency) as currency,
    lower(flat.status) as status,
    {{ json_epoch('flat.order_time') }} as order_time,
    {{ json_epoch('flat.payment_time') }} as payment_time,
    {{ json_epoch('flat.shipping_time') }} as shipping_time,
    {{ json_epoch('flat.delivery_time') }} as delivery_time,
    flat.customer_id,
    upper(flat.shipping_country) as shipping_country,
    landed.source_updated_at
from (
    select orders.shop_id, orders.parent_order_sn as order_sn, orders.source_updated_at, orders.payload
    from {{ source('raw_temu', 'orders') }} as orders
    where orders.shop_id in (select shops.id from {{ source('ops', 'shops') }} as shops where shops.dialect = 'rest')
    offset 0
) as landed
cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as flat (
    order_id text, product_name text, sku text, quantity text, unit_price text, total_amount text, currency text,
    status text, order_time text, payment_time text, shipping_time text, delivery_time text, customer_id text,
    shipping_country text
)
where flat.order_time is not null or flat.sku is not null
