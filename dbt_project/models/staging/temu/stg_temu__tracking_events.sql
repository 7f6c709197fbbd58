with numbered as (
    select
        scans.*,
        coalesce(scans.tracking_number, parcels.tracking_number) as number
    from {{ ref('base_temu__scans') }} as scans
    left join (
        select shop_id, package_sn, min(tracking_number) as tracking_number
        from {{ ref('base_temu__parcels') }}
        group by shop_id, package_sn
    ) as parcels using (shop_id, package_sn)
)

-- Parcels that travel under one number repeat its scans.
select distinct on (number, event_time, event_code)
    number as tracking_number,
    event_time,
    event_code,
    status,
    null::text as location,
    is_exception
from numbered
where event_code is not null
order by number, event_time, event_code, position, shop_id
