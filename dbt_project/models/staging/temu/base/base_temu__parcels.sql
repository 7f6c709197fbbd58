{{ config(materialized='ephemeral') }}
-- Which parcel carries which child order: as the shipment query says, else as the order's detail says. A consignment's
-- sub-packages are parcels of their own. One row per (shop_id, order_sn, package_sn).
with answers as (
    select shop_id, order_sn, parent_order_sn, payload from {{ source('raw_temu', 'shipments') }} offset 0
),

details as (
    select shop_id, parent_order_sn, payload from {{ source('raw_temu', 'order_details') }} offset 0
),

consignments as (
    select answers.shop_id, answers.order_sn, answers.parent_order_sn, consignment.value as parcel
    from answers
    cross join lateral jsonb_array_elements({{ json_array("answers.payload -> 'shipmentInfoDTO'") }}) as consignment
),

told as (
    select shop_id, order_sn, parent_order_sn, parcel, 1 as precedence from consignments
    union all
    select shop_id, order_sn, parent_order_sn, sub.value as parcel, 1 as precedence
    from consignments
    cross join lateral jsonb_array_elements({{ json_array("parcel -> 'subPackageShipmentInfoList'") }}) as sub
    union all
    select details.shop_id, line.value ->> 'orderSn' as order_sn, details.parent_order_sn, package.value as parcel, 2 as precedence
    from details
    cross join lateral jsonb_array_elements({{ json_array("details.payload -> 'orderList'") }}) as line
    cross join lateral jsonb_array_elements({{ json_array("line.value -> 'packageSnInfo'") }}) as package
)

select distinct on (shop_id, order_sn, package_sn)
    shop_id,
    order_sn,
    parent_order_sn,
    nullif(parcel ->> 'packageSn', '') as package_sn,
    {{ json_bigint("parcel ->> 'carrierId'") }} as carrier_id,
    nullif(parcel ->> 'carrierName', '') as carrier_name,
    nullif(parcel ->> 'trackingNumber', '') as tracking_number,
    precedence
from told
where parcel ->> 'packageSn' <> '' and order_sn is not null
order by shop_id, order_sn, package_sn, precedence, tracking_number
