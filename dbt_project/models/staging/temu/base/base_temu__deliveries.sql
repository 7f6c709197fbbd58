{{ config(materialized='ephemeral') }}
-- When a delivered child order arrived (§3.6): the delivered scan of its last parcel, else when it was first seen with
-- code 5. A scan alone does not make an order delivered: the platform's status does.
with seen as (
    select shop_id, order_sn, source_updated_at
    from {{ ref('base_temu__delivered_versions') }}
    union all
    select shop_id, order_sn, source_updated_at
    from {{ ref('base_temu__order_lines') }}
    where status_code = 5
),

first_seen as (
    select shop_id, order_sn, min(source_updated_at) as delivered_at
    from seen
    group by shop_id, order_sn
),

handed_over as (
    select shop_id, package_sn, min(event_time) as delivered_at
    from {{ ref('base_temu__scans') }}
    where event_code = 'delivered'
    group by shop_id, package_sn
),

scanned as (
    select parcels.shop_id, parcels.order_sn, max(handed_over.delivered_at) as delivered_at
    from {{ ref('base_temu__parcels') }} as parcels
    left join handed_over using (shop_id, package_sn)
    group by parcels.shop_id, parcels.order_sn
    having bool_and(handed_over.delivered_at is not null)
)

select first_seen.shop_id, first_seen.order_sn, coalesce(scanned.delivered_at, first_seen.delivered_at) as delivered_at
from first_seen
left join scanned using (shop_id, order_sn)
