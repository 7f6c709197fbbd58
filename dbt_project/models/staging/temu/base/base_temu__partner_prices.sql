{{ config(materialized='ephemeral') }}
-- Declared price of each article of a cross-border shop, by seller code: the last dated copy, cents.
with codes as (
    select goods.shop_id, sku ->> 'productSkuId' as product_sku_id, {{ n1("sku ->> 'extCode'") }} as sku_code
    from {{ source('raw_temu', 'partner_goods') }} as goods
    cross join lateral jsonb_array_elements({{ json_array("goods.payload -> 'productSkuSummaries'") }}) as sku
),

prices as (
    select distinct on (shop_id, product_sku_id)
        shop_id,
        product_sku_id::text as product_sku_id,
        {{ json_number("payload ->> 'supplierPrice'") }} as cents,
        upper(payload ->> 'currencyType') as currency
    from {{ source('raw_temu', 'partner_prices') }}
    order by shop_id, product_sku_id, snapshot_date desc
)

select distinct on (codes.shop_id, codes.sku_code)
    codes.shop_id,
    codes.sku_code,
    {{ from_minor_units('prices.cents', 'prices.currency') }} as price,
    prices.currency
from codes
inner join prices using (shop_id, product_sku_id)
where codes.sku_code is not null and prices.currency is not null and prices.cents is not null
order by codes.shop_id, codes.sku_code, codes.product_sku_id
