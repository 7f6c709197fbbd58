{{ config(materialized='ephemeral') }}
-- When a child order was first seen delivered (code 5): the platform never says it (§3.6). First value kept.
with seen as (
    select versions.shop_id, line.key as order_sn, versions.source_updated_at
    from {{ source('raw_temu', 'order_versions') }} as versions
    cross join lateral jsonb_each_text({{ json_object('versions.line_statuses') }}) as line
    where coalesce(line.value, versions.parent_status::text) = '5'
    union all
    select shop_id, order_sn, source_updated_at
    from {{ ref('base_temu__order_lines') }}
    where status_code = 5
)

select shop_id, order_sn, min(source_updated_at) as delivered_at
from seen
group by shop_id, order_sn
