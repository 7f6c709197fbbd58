select
    {{ natural_id('activity', ['landed.shop_id', 'landed.activity_id']) }} as id,
    landed.shop_id,
    coalesce(activity.activity_id, landed.activity_id::text) as activity_id,
    coalesce(activity."activityName", activity.activity_name) as activity_name,
    case -- 2 lightning deal; 13 advanced and 100 official big sale; 27 clearance
        when landed.activity_type = 2 then 'flash_sale'
        when landed.activity_type in (13, 27, 100) then 'discount'
        when activity.activity_type in ('discount', 'flash_sale', 'coupon', 'bundle') then activity.activity_type
        else 'other'
    end as activity_type,
    landed.starts_at as start_time,
    landed.ends_at as end_time,
    null::numeric as activity_cost, -- the platform does not tell it
    case
        when activity."activityStatus" = '1' or activity.status in ('upcoming', 'pending') then 'not_started'
        when activity."activityStatus" = '2' or activity.status = 'active' then 'running'
        when activity."activityStatus" = '3' or activity.status = 'ended' then 'ended'
        else 'unknown'
    end as status,
    landed.source_updated_at as updated_at
from (
    select shop_id, activity_id, activity_type, starts_at, ends_at, source_updated_at, payload
    from {{ source('raw_temu', 'activities') }}
    offset 0
) as landed
cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as activity (
    "activityName" text, "activityStatus" text,
    activity_id text, activity_name text, activity_type text, status text
)
