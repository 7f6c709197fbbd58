{{ config(materialized='ephemeral') }}
-- Cases of a parent after-sales number: its children as the detail tells them, else as the list of case lines does
-- (which knows neither money nor child order: the order's only line with that SKU is meant), else the parent itself.
with parents as (
    select landed.*, entry.*
    from (
        select shop_id, parent_after_sales_sn, parent_order_sn, status, source_updated_at, payload
        from {{ source('raw_temu', 'after_sales') }}
        offset 0
    ) as landed
    cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as entry ("afterSalesType" text, "createAt" text)
),

details as (
    select landed.shop_id, landed.parent_after_sales_sn, child.*
    from (
        select shop_id, parent_after_sales_sn, payload
        from {{ source('raw_temu', 'after_sales_details') }}
        offset 0
    ) as landed
    cross join lateral jsonb_to_recordset({{ json_array("landed.payload -> 'afterSalesList'") }}) as child (
        "afterSalesSn" text, "orderSn" text, "afterSalesStatus" text, "applyAfterSalesGoodsNumber" text,
        "applyRefundAmount" jsonb, "afterSalesGoodsInfo" jsonb
    )
),

listed as (
    select
        landed.shop_id,
        landed.parent_after_sales_sn,
        landed.after_sales_sn as "afterSalesSn",
        landed.status,
        entry."skuId",
        {{ json_array('entry."productList"') }} -> 0 ->> 'extCode' as product_sku,
        entry."applyAfterSalesGoodsNumber"
    from (
        select shop_id, parent_after_sales_sn, after_sales_sn, status, payload
        from {{ source('raw_temu', 'after_sales_lines') }}
        offset 0
    ) as landed
    cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as entry (
        "skuId" text, "productList" jsonb, "applyAfterSalesGoodsNumber" text
    )
),

children as (
    select
        shop_id,
        parent_after_sales_sn,
        "afterSalesSn",
        details."orderSn",
        coalesce({{ json_object('details."afterSalesGoodsInfo"') }} ->> 'skuId', listed."skuId") as sku_id,
        coalesce({{ json_object('details."afterSalesGoodsInfo"') }} -> 'productList' -> 0 ->> 'extCode', listed.product_sku)
            as product_sku,
        {{ json_bigint('coalesce(details."applyAfterSalesGoodsNumber", listed."applyAfterSalesGoodsNumber")') }} as units,
        details."applyRefundAmount",
        coalesce({{ json_code('details."afterSalesStatus"') }}, listed.status) as status
    from details
    full join listed using (shop_id, parent_after_sales_sn, "afterSalesSn")
),

only_lines as ( -- of their order with this SKU; few orders have a case
    select shop_id, parent_order_sn, sku_id, min(order_sn) as order_sn
    from {{ ref('base_temu__order_lines') }}
    where sku_id is not null and (shop_id, parent_order_sn) in (select shop_id, parent_order_sn from parents)
    group by shop_id, parent_order_sn, sku_id
    having count(*) = 1
),

returned as (
    select
        shop_id,
        after_sales_sn,
        jsonb_array_length({{ json_array("payload -> 'logisticsInfoList'") }}) > 0 as is_returned
    from {{ source('raw_temu', 'return_parcels') }}
),

supply_prices as (
    select shop_id, sku_id, {{ json_number("payload ->> 'price'") }} as price, upper(payload ->> 'currency') as currency
    from {{ source('raw_temu', 'products') }}
)

select
    parents.shop_id,
    parents.parent_order_sn,
    coalesce(children."afterSalesSn", parents.parent_after_sales_sn) as refund_sn,
    coalesce(children."orderSn", only_lines.order_sn) as order_sn,
    children.product_sku,
    children.units as refund_quantity,
    {{ json_number("children.\"applyRefundAmount\" ->> 'amount'") }} as buyer_refund,
    coalesce(children.status, parents.status) as after_sales_status,
    parents."afterSalesType" as after_sales_type,
    returned.is_returned,
    {{ json_epoch('parents."createAt"') }} as created_at,
    parents.source_updated_at,
    supply_prices.price as supply_price,
    supply_prices.currency as supply_currency
from parents
left join children using (shop_id, parent_after_sales_sn)
left join only_lines
    on parents.shop_id = only_lines.shop_id
    and parents.parent_order_sn = only_lines.parent_order_sn
    and children.sku_id = only_lines.sku_id
left join returned
    on parents.shop_id = returned.shop_id and children."afterSalesSn" = returned.after_sales_sn
left join supply_prices
    on parents.shop_id = supply_prices.shop_id and {{ json_bigint('children.sku_id') }} = supply_prices.sku_id
