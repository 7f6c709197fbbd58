-- The page list has amounts in text, one price in bare minor units and creation in seconds; the cursor list has no money,
-- milliseconds and words for states. Prices that buyers see are 0 until the goods sell for the first time: unknown.
with goods as (
    select *, {{ n3(n1("payload ->> 'currency'")) }} as currency
    from {{ source('raw_temu', 'goods') }}
)

select
    shop_id,
    goods_id,
    {{ n1("payload ->> 'goodsName'") }} as goods_name,
    {{ n1('goods_code') }} as goods_code,
    coalesce(payload ->> 'goodsStatus', payload ->> 'status4VO') as status,
    coalesce(payload ->> 'goodsShowSubStatus', payload ->> 'subStatus4VO') as sub_status,
    {{ json_number("payload ->> 'price'") }} as supply_price,
    currency,
    nullif({{ json_number("payload #>> '{retailPrice,amount}'") }}, 0) as retail_price,
    {{ n3(n1("payload #>> '{retailPrice,currency}'")) }} as retail_currency,
    nullif({{ json_number("payload #>> '{listPrice,amount}'") }}, 0) as list_price,
    {{ n3(n1("payload #>> '{listPrice,currency}'")) }} as list_currency,
    case
        when currency is not null
            then nullif({{ from_minor_units(json_number("payload ->> 'marketPrice'"), 'currency') }}, 0)
    end as market_price,
    {{ json_bigint("payload ->> 'quantity'") }} as stock_quantity,
    {{ json_bigint("payload ->> 'shipmentLimitSecond'") }} as shipment_limit_seconds,
    coalesce({{ json_epoch("payload ->> 'crtTime'") }}, {{ json_epoch("payload ->> 'goodsCreateTime'") }}) as listed_at,
    {{ json_instant("payload ->> 'goodsStatusChangeTime'") }} as status_changed_at,
    source_updated_at as updated_at
from goods
