-- The raw rows that a parent order came from, one row per (shop_id, parent_order_sn); none where staging was filled by hand.
{{ config(indexes=[{'columns': ['shop_id', 'parent_order_sn']}]) }}
with records as (
    {{ typed_staging('stg_temu__order_records') }}
)

select distinct on (shop_id, parent_order_sn) *
from records
where shop_id is not null and parent_order_sn is not null
order by shop_id, parent_order_sn, loaded_at desc nulls last, run_id
