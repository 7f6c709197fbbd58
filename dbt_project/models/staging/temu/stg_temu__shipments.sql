with parcels as (
    select
        parcels.shop_id,
        parcels.package_sn,
        min(parcels.parent_order_sn) as parent_order_sn,
        min(coalesce(parcels.carrier_name, carriers.carrier_name)) as carrier,
        min(parcels.tracking_number) as tracking_number,
        min(lines.shipping_time) as shipped_at
    from {{ ref('base_temu__parcels') }} as parcels
    left join {{ ref('base_temu__order_lines') }} as lines using (shop_id, order_sn)
    left join (
        select shop_id, carrier_id, min(carrier_name) as carrier_name
        from {{ source('raw_temu', 'carriers') }}
        group by shop_id, carrier_id
    ) as carriers
        on parcels.shop_id = carriers.shop_id and parcels.carrier_id = carriers.carrier_id
    group by parcels.shop_id, parcels.package_sn
),

deliveries as (
    select shop_id, package_sn, min(event_time) as delivered_at
    from {{ ref('base_temu__scans') }}
    where event_code = 'delivered'
    group by shop_id, package_sn
),

newest as (
    select distinct on (shop_id, package_sn) shop_id, package_sn, coalesce(phase, 'in_transit') as phase
    from {{ ref('base_temu__scans') }}
    where event_code is not null
    order by shop_id, package_sn, event_time desc nulls last, position
)

select
    parcels.shop_id,
    parcels.package_sn,
    parcels.parent_order_sn,
    parcels.carrier,
    coalesce(parcels.tracking_number, tracking.tracking_number) as tracking_number,
    parcels.shipped_at,
    deliveries.delivered_at,
    case
        when deliveries.package_sn is not null then 'delivered'
        when newest.phase is not null then newest.phase
        when parcels.shipped_at is not null then 'shipped'
        else 'label_created'
    end as status
from parcels
left join {{ source('raw_temu', 'tracking_events') }} as tracking using (shop_id, package_sn)
left join deliveries using (shop_id, package_sn)
left join newest using (shop_id, package_sn)
