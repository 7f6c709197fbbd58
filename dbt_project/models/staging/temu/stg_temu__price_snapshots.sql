-- The platform has no history of prices: what was read each day. Listed and declared prices are amounts, those of the
-- cross-border gateways are minor units.
select
    shop_id,
    snapshot_date,
    'listed' as price_kind,
    sku_id::text as sku_id,
    price,
    {{ n3(n1('currency')) }} as currency,
    source_updated_at as updated_at
from {{ source('raw_temu', 'product_snapshots') }}
where price is not null
union all
select
    shop_id,
    snapshot_date,
    'declared' as price_kind,
    sku_id::text as sku_id,
    {{ json_number("payload #>> '{supplierPrice,amount}'") }} as price,
    {{ n3(n1("payload #>> '{supplierPrice,currency}'")) }} as currency,
    source_updated_at as updated_at
from {{ source('raw_temu', 'supplier_prices') }}
union all
select
    shop_id,
    snapshot_date,
    'partner' as price_kind,
    product_sku_id::text as sku_id,
    case
        when payload ->> 'currencyType' is not null
            then {{ from_minor_units(json_number("payload ->> 'supplierPrice'"), n3(n1("payload ->> 'currencyType'"))) }}
    end as price,
    {{ n3(n1("payload ->> 'currencyType'")) }} as currency,
    source_updated_at as updated_at
from {{ source('raw_temu', 'partner_prices') }}
