-- Recommended prices arrive in minor units of the listing's currency, without naming it.
with skus as (
    select
        landed.shop_id,
        landed.activity_id,
        landed.goods_id,
        sku."skuId" as sku_id,
        {{ json_number('sku."recommendActivitySupplierPrice"') }} as price,
        landed.payload ->> 'isAllowedEnroll' as can_enrol,
        {{ json_bigint("landed.payload ->> 'recommendActivityQuantity'") }} as quantity,
        landed.source_updated_at
    from {{ source('raw_temu', 'activity_candidates') }} as landed
    cross join lateral jsonb_to_recordset({{ json_array("landed.payload -> 'skuList'") }}) as sku (
        "skuId" text, "recommendActivitySupplierPrice" text
    )
),

currencies as (
    select * from {{ ref('base_temu__listing_currencies') }}
)

select distinct on (skus.shop_id, skus.activity_id, skus.sku_id)
    {{ natural_id('activity', ['skus.shop_id', 'skus.activity_id']) }} as activity_id,
    skus.shop_id,
    skus.goods_id,
    skus.sku_id as product_sku_id,
    case when skus.can_enrol in ('true', 'false') then skus.can_enrol::boolean end as can_enrol,
    skus.quantity as recommended_quantity,
    case when currencies.currency is not null then {{ from_minor_units('skus.price', 'currencies.currency') }} end
        as recommended_price,
    currencies.currency,
    skus.source_updated_at as updated_at
from skus
left join currencies using (shop_id, sku_id)
where skus.sku_id is not null
order by skus.shop_id, skus.activity_id, skus.sku_id, skus.source_updated_at desc
