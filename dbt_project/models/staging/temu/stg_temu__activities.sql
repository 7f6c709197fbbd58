select
    {{ natural_id('activity', ['landed.shop_id', 'landed.activity_id']) }} as id,
    landed.shop_id,
    landed.activity_id::text as activity_id,
    activity."activityName" as activity_name,
    case -- 2 lightning deal; 13 advanced and 100 official big sale; 27 clearance
        when landed.activity_type = 2 then 'flash_sale'
        when landed.activity_type in (13, 27, 100) then 'discount'
        else 'other'
    end as activity_type,
    landed.starts_at as start_time,
    landed.ends_at as end_time,
    null::numeric as activity_cost, -- the platform does not tell it
    case activity."activityStatus" when '1' then 'not_started' when '2' then 'running' when '3' then 'ended' else 'unknown' end
        as status,
    landed.source_updated_at as updated_at
from (
    select shop_id, activity_id, activity_type, starts_at, ends_at, source_updated_at, payload
    from {{ source('raw_temu', 'activities') }}
    offset 0
) as landed
cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as activity (
    "activityName" text, "activityStatus" text
)
