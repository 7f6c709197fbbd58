{{ config(materialized='ephemeral') }}
-- Cases of a parent after-sales number: its children where the detail is there, else the parent itself.
with parents as (
    select landed.*, entry.*
    from (
        select shop_id, parent_after_sales_sn, parent_order_sn, status, source_updated_at, payload
        from {{ source('raw_temu', 'after_sales') }}
        offset 0
    ) as landed
    cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as entry ("afterSalesType" text, "createAt" text)
),

children as (
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

supply_prices as (
    select shop_id, sku_id, {{ json_number("payload ->> 'price'") }} as price, upper(payload ->> 'currency') as currency
    from {{ source('raw_temu', 'products') }}
)

select
    parents.shop_id,
    parents.parent_order_sn,
    coalesce(children."afterSalesSn", parents.parent_after_sales_sn) as refund_sn,
    children."orderSn" as order_sn,
    children."afterSalesGoodsInfo" -> 'productList' -> 0 ->> 'extCode' as product_sku,
    {{ json_bigint('children."applyAfterSalesGoodsNumber"') }} as refund_quantity,
    {{ json_number("children.\"applyRefundAmount\" ->> 'amount'") }} as buyer_refund,
    coalesce({{ json_code('children."afterSalesStatus"') }}, parents.status) as after_sales_status,
    parents."afterSalesType" as after_sales_type,
    {{ json_epoch('parents."createAt"') }} as created_at,
    parents.source_updated_at,
    supply_prices.price as supply_price,
    supply_prices.currency as supply_currency
from parents
left join children using (shop_id, parent_after_sales_sn)
left join supply_prices
    on parents.shop_id = supply_prices.shop_id
    and {{ json_bigint("children.\"afterSalesGoodsInfo\" ->> 'skuId'") }} = supply_prices.sku_id
