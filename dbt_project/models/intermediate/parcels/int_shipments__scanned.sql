-- Parcels as the platform tells them, with their scans. One row per (shop_id, package_sn).
with shipments as (
    select distinct on (shop_id, package_sn) *
    from {{ ref('int_shipments__typed') }}
    where shop_id is not null and package_sn is not null
    order by shop_id, package_sn, delivered_at nulls last, shipped_at nulls last, parent_order_sn, tracking_number, carrier
),

scans as (
    select * from {{ ref('int_scans__summed') }}
)

select
    shipments.shop_id,
    shipments.package_sn,
    shipments.parent_order_sn as parent_key,
    shipments.carrier,
    shipments.tracking_number,
    shipments.shipped_at,
    coalesce(scans.delivered_at, shipments.delivered_at) as delivered_at,
    lower(shipments.status) as status,
    coalesce(scans.scans, 0) as scans,
    scans.last_scan_at,
    scans.last_scan_status,
    scans.last_scan_location,
    coalesce(scans.last_scan_is_exception, false) as last_scan_is_exception
from shipments
left join scans using (tracking_number)
