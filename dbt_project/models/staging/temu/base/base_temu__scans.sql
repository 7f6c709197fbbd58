{{ config(materialized='ephemeral') }}
-- The scans of each package, as the carrier reported them; the format of their times is nowhere documented. `position`
-- is the place in the answer, newest first.
with landed as (
    select shop_id, package_sn, tracking_number, payload from {{ source('raw_temu', 'tracking_events') }} offset 0
),

scans as (
    select
        landed.shop_id,
        landed.package_sn,
        nullif(landed.tracking_number, '') as tracking_number,
        scan.value ->> 'logisticsStatus' as status,
        {{ json_instant("(scan.value ->> 'logisticsUpdatedAt')") }} as event_time,
        {{ word_code("scan.value ->> 'logisticsStatus'") }} as event_code,
        scan.position
    from landed
    cross join lateral jsonb_array_elements({{ json_array("landed.payload -> 'trackingInfo'") }})
        with ordinality as scan (value, position)
)

select
    scans.*,
    statuses.phase,
    coalesce(statuses.is_exception, scans.event_code ~ '(exception|fail|return|lost|missing)', false) as is_exception
from scans
left join {{ ref('tracking_statuses') }} as statuses using (event_code)
