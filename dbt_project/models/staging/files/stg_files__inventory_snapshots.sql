-- A count speaks of an article in a shop. Where several listings carry it, the first holds the stock and the others
-- none: the same pieces must not count twice.
with counts as (
    select distinct on (snapshot_date, shop_id, {{ n2(n1('sku_code')) }})
        snapshot_date,
        shop_id,
        {{ n2(n1('sku_code')) }} as code,
        on_hand,
        reserved,
        in_transit
    from {{ source('raw_files', 'inventory_snapshots') }}
    order by snapshot_date, shop_id, {{ n2(n1('sku_code')) }}, loaded_at desc, row_no desc
),

listings as (
    select *, row_number() over (partition by shop_id, code order by product_id) = 1 as is_first
    from {{ ref('base_files__listings') }}
)

select
    counts.snapshot_date,
    listings.product_id,
    case when listings.is_first then counts.on_hand else 0 end::bigint as on_hand,
    case when listings.is_first then counts.reserved else 0 end::bigint as reserved,
    case when listings.is_first then counts.in_transit else 0 end::bigint as in_transit
from counts
inner join listings using (shop_id, code)
