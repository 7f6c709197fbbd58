-- Prices arrive in minor units of the listing's currency, without naming it.
with skus as (
    select
        landed.shop_id,
        landed.activity_id,
        sku."skuId" as sku_id,
        {{ json_number('sku."activitySupplierPrice"') }} as price,
        landed.source_updated_at
    from (
        select shop_id, activity_id, source_updated_at, payload
        from {{ source('raw_temu', 'activity_goods') }}
        offset 0
    ) as landed
    cross join lateral jsonb_to_recordset({{ json_array("landed.payload -> 'skuList'") }}) as sku (
        "skuId" text, "activitySupplierPrice" text
    )
),

currencies as (
    select * from {{ ref('base_temu__listing_currencies') }}
)

select distinct on (skus.shop_id, skus.activity_id, skus.sku_id)
    {{ natural_id('activity', ['skus.shop_id', 'skus.activity_id']) }} as activity_id,
    skus.shop_id,
    skus.sku_id as product_sku_id,
    case when currencies.currency is not null then {{ from_minor_units('skus.price', 'currencies.currency') }} end
        as activity_price,
    null::bigint as impressions,
    null::bigint as clicks,
    null::bigint as payers,
    skus.source_updated_at as updated_at
from skus
left join currencies using (shop_id, sku_id)
where skus.sku_id is not null
order by skus.shop_id, skus.activity_id, skus.sku_id, skus.source_updated_at desc
