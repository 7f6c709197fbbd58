with listings as (
    select landed.shop_id, landed.sku_id, landed.goods_id, landed.sku_code, landed.source_updated_at, sku.*
    from (
        select shop_id, sku_id, goods_id, sku_code, source_updated_at, payload
        from {{ source('raw_temu', 'products') }}
        offset 0
    ) as landed
    cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as sku (
        "goodsName" text, "skuSn" text, price text, currency text, stock text, "goodsIsOnSale" text, "status4VO" text,
        "crtTime" text
    )
),

managers as (
    select * from {{ ref('base_files__current_managers') }}
)

select
    {{ natural_id('product', ['listings.shop_id', 'listings.sku_id']) }} as id,
    listings.shop_id,
    listings.sku_id::text as product_id,
    listings."goodsName" as product_name,
    coalesce(listings."skuSn", listings.sku_code) as sku,
    listings.goods_id::text as spu_id,
    null::text as skc_id,
    {{ json_number('listings.price') }} as current_price, -- a decimal string in this endpoint
    upper(listings.currency) as currency,
    {{ json_bigint('listings.stock') }} as stock_quantity,
    coalesce(listings."goodsIsOnSale" in ('1', 'true'), listings."status4VO" = '2') as is_active,
    managers.category,
    managers.manager,
    null::text as price_status,
    {{ json_epoch('listings."crtTime"') }} as listed_at,
    listings.source_updated_at as updated_at
from listings
left join managers
    on managers.product_id = {{ natural_id('product', ['listings.shop_id', 'listings.sku_id']) }}
