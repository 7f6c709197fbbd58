-- Decimal strings, each with its own currency; kinds and states have codes that the platform does not explain.
select
    shop_id,
    price_order_id,
    goods_id,
    array(
        select {{ json_bigint('sku_id') }}
        from jsonb_array_elements_text({{ json_array("payload -> 'skuIdList'") }}) as listed (sku_id)
    ) as sku_ids,
    payload ->> 'pricingType' as pricing_type,
    status,
    {{ json_number("payload #>> '{sourceSupplierPrice,amount}'") }} as source_price,
    {{ n3(n1("payload #>> '{sourceSupplierPrice,currency}'")) }} as source_currency,
    {{ json_number("payload #>> '{targetSupplierPrice,amount}'") }} as target_price,
    {{ n3(n1("payload #>> '{targetSupplierPrice,currency}'")) }} as target_currency,
    {{ json_number("payload #>> '{suggestSupplierPrice,amount}'") }} as suggested_price,
    {{ n3(n1("payload #>> '{suggestSupplierPrice,currency}'")) }} as suggested_currency,
    {{ n1("payload ->> 'reason'") }} as reason,
    {{ n1("payload ->> 'rejectTypeDesc'") }} as rejection,
    {{ json_epoch("payload ->> 'createTime'") }} as created_at,
    source_updated_at as updated_at
from {{ source('raw_temu', 'price_orders') }}
