with listings as (
    select landed.shop_id, landed.sku_id, landed.goods_id, landed.sku_code, landed.source_updated_at, listing.*
    from (
        select shop_id, sku_id, goods_id, sku_code, source_updated_at, payload
        from {{ source('raw_temu', 'products') }}
        offset 0
    ) as landed
    -- The page list, the cursor list (…Status words, no price) and the simplified REST interface (snake_case).
    cross join lateral jsonb_to_record({{ json_object('landed.payload') }}) as listing (
        "goodsName" text, "skuSn" text, price text, currency text, stock text, "goodsIsOnSale" text, "status4VO" text,
        "crtTime" text, "outSkuSn" text, "skuStatus" text, "goodsCreateTime" text,
        product_id text, product_name text, sku text, status text, category text
    )
),

managers as (
    select * from {{ ref('base_files__current_managers') }}
),

declared as (
    select * from {{ ref('base_temu__declared_prices') }}
),

partner as (
    select * from {{ ref('base_temu__partner_prices') }}
),

stocks as (
    select * from {{ ref('base_temu__counted_stocks') }}
),

priced as (
    select
        listings.*,
        greatest(listings.source_updated_at, declared.source_updated_at) as updated_at,
        -- Declared where the shop may see it, else as listed, else as declared to the cross-border gateway.
        case
            when declared.price is not null then declared.price
            when {{ json_number('listings.price') }} is not null then {{ json_number('listings.price') }}
            else partner.price
        end as current_price,
        case
            when declared.price is not null then declared.currency
            when {{ json_number('listings.price') }} is not null then upper(listings.currency)
            else coalesce(partner.currency, upper(listings.currency))
        end as price_currency,
        coalesce(stocks.stock_quantity, {{ json_bigint('listings.stock') }}) as stock_quantity
    from listings
    left join declared using (shop_id, sku_id)
    left join stocks using (shop_id, sku_id)
    left join partner
        on listings.shop_id = partner.shop_id
        and {{ n1('coalesce(listings."skuSn", listings.sku_code)') }} = partner.sku_code
)

select
    {{ natural_id('product', ['priced.shop_id', 'priced.sku_id']) }} as id,
    priced.shop_id,
    coalesce(priced.product_id, priced.sku_id::text) as product_id,
    coalesce(priced."goodsName", priced.product_name) as product_name,
    coalesce(priced."skuSn", priced."outSkuSn", priced.sku, priced.sku_code) as sku,
    priced.goods_id::text as spu_id,
    null::text as skc_id,
    priced.current_price,
    priced.price_currency as currency,
    priced.stock_quantity,
    coalesce(
        priced."goodsIsOnSale" in ('1', 'true'),
        priced."status4VO" = '2',
        priced."skuStatus" = 'ACTIVE',
        priced.status = 'active'
    ) as is_active,
    coalesce(managers.category, priced.category) as category,
    managers.manager,
    null::text as price_status,
    coalesce({{ json_epoch('priced."crtTime"') }}, {{ json_epoch('priced."goodsCreateTime"') }}) as listed_at,
    priced.updated_at
from priced
left join managers
    on managers.product_id = {{ natural_id('product', ['priced.shop_id', 'priced.sku_id']) }}
