select
    snapshot_date,
    {{ natural_id('product', ['shop_id', 'sku_id']) }} as product_id,
    stock::bigint as on_hand,
    null::bigint as reserved,
    null::bigint as in_transit
from {{ source('raw_temu', 'product_snapshots') }}
where stock is not null
