{{ config(materialized='ephemeral') }}
-- Declared (supplier) price of each listing SKU, where the shop is granted to see it: the last dated copy, as long as it
-- is not older than two days beside the catalogue's (§3.6). Decimal strings in this endpoint.
with read_until as (
    select shop_id, max(snapshot_date) as snapshot_date
    from {{ source('raw_temu', 'product_snapshots') }}
    group by shop_id
)

select distinct on (prices.shop_id, prices.sku_id)
    prices.shop_id,
    prices.sku_id,
    {{ json_number("prices.payload #>> '{supplierPrice,amount}'") }} as price,
    upper(prices.payload #>> '{supplierPrice,currency}') as currency,
    prices.source_updated_at
from {{ source('raw_temu', 'supplier_prices') }} as prices
left join read_until using (shop_id)
where prices.snapshot_date >= coalesce(read_until.snapshot_date - 2, prices.snapshot_date)
order by prices.shop_id, prices.sku_id, prices.snapshot_date desc
