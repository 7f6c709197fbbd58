{{ config(materialized='ephemeral') }}
-- Stock of each listing SKU out of the stock query, ordinary and certified pieces: the last dated copy, as long as it is
-- not older than two days beside the catalogue's.
with read_until as (
    select shop_id, max(snapshot_date) as snapshot_date
    from {{ source('raw_temu', 'product_snapshots') }}
    group by shop_id
)

select distinct on (stocks.shop_id, stocks.sku_id)
    stocks.shop_id,
    stocks.sku_id,
    {{ json_bigint("stocks.payload #>> '{selfOrdinaryStock,stock}'") }}
    + coalesce({{ json_bigint("stocks.payload #>> '{certOrdinaryStock,stock}'") }}, 0) as stock_quantity
from {{ source('raw_temu', 'sku_stocks') }} as stocks
left join read_until using (shop_id)
where stocks.snapshot_date >= coalesce(read_until.snapshot_date - 2, stocks.snapshot_date)
order by stocks.shop_id, stocks.sku_id, stocks.snapshot_date desc
