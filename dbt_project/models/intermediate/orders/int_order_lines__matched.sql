-- Lines of production shops with their listing (M), article (K) and manager (G). One row per order line.
{{ following('parents', above='int_order_lines__placed') }} {{ built_after('int_order_lines__touched') }}
with lines as (
    select * from {{ ref('int_order_lines__placed') }}
    where quarantine_reason is null {{ only_touched('parents', word='and') }}
),

products as (
    select * from {{ ref('int_products__deduplicated') }}
),

managers as (
    select * from {{ ref('int_product_managers__versioned') }}
),

by_listing as ( -- M1
    select shop_id, product_id, min(id) as id
    from products
    where product_id is not null
    group by shop_id, product_id
),

by_code_and_spu as ( -- M2, same style first
    select distinct on (shop_id, sku_code, spu_id) shop_id, sku_code, spu_id, id
    from products
    where sku_code is not null and spu_id is not null
    order by shop_id, sku_code, spu_id, is_active desc, id
),

by_code as ( -- M2
    select distinct on (shop_id, sku_code) shop_id, sku_code, id
    from products
    where sku_code is not null
    order by shop_id, sku_code, is_active desc, id
),

by_spu as ( -- M4: only where the style has one listing
    select shop_id, spu_id, min(id) as id
    from products
    where spu_id is not null
    group by shop_id, spu_id
    having count(*) = 1
),

found as (
    select
        lines.*,
        case
            when by_listing.id is not null then 'sku_id'
            when by_code.id is not null then 'sku_code'
            when linked.id is not null then 'fk'
            when by_spu.id is not null then 'spu'
            else 'unmatched'
        end as match_method,
        coalesce(by_listing.id, by_code_and_spu.id, by_code.id, linked.id, by_spu.id) as matched_product_id
    from lines
    left join by_listing
        on lines.shop_id = by_listing.shop_id and lines.product_sku_id = by_listing.product_id
    left join by_code_and_spu
        on lines.shop_id = by_code_and_spu.shop_id
        and lines.product_sku = by_code_and_spu.sku_code
        and lines.spu_id = by_code_and_spu.spu_id
    left join by_code on lines.shop_id = by_code.shop_id and lines.product_sku = by_code.sku_code
    left join products as linked on lines.shop_id = linked.shop_id and lines.product_id = linked.id -- M3
    left join by_spu on lines.shop_id = by_spu.shop_id and lines.spu_id = by_spu.spu_id
)

select
    found.*,
    coalesce(products.sku_code, found.product_sku, '{{ var("unknown_sku") }}') as sku_code, -- K
    coalesce(
        case when managers.product_id is not null then managers.manager else products.manager end,
        found.default_manager,
        '{{ var("unassigned_manager") }}'
    ) as manager, -- G
    coalesce(products.product_name, found.product_name) as catalogue_name,
    products.category,
    products.current_price,
    products.currency as product_currency
from found
left join products on found.matched_product_id = products.id
left join managers
    on found.matched_product_id = managers.product_id
    and found.order_placed_at >= managers.valid_from
    and (managers.valid_to is null or found.order_placed_at < managers.valid_to)
