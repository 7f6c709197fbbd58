-- Stock of listings by day. The company's own count of a day goes before what the platform showed.
with counted as (
    {{ typed_staging('stg_files__inventory_snapshots') }}
),

shown as (
    {{ typed_staging('stg_temu__inventory_snapshots') }}
),

snapshots as (
    select *, 1 as precedence from counted
    union all
    select *, 2 as precedence from shown
)

select distinct on (product_id, snapshot_date)
    snapshot_date, product_id, on_hand, reserved, in_transit
from snapshots
where product_id is not null and snapshot_date is not null
order by product_id, snapshot_date, precedence, on_hand desc nulls last
