{{ unpacking('order_versions', ['shop_id', 'parent_order_sn', 'source_updated_at']) }}
-- Past states of child orders that showed them delivered (code 5).
with landed as (
    select shop_id, parent_order_sn, parent_status, line_statuses, source_updated_at
    from {{ landed_since('order_versions') }} as fresh
)

select landed.shop_id, landed.parent_order_sn, line.key as order_sn, landed.source_updated_at
from landed
cross join lateral jsonb_each_text({{ json_object('landed.line_statuses') }}) as line
where coalesce(line.value, landed.parent_status::text) = '5'
