-- Only where the product of the line does not say its cost: several components, or several pieces of one (§3.4).
select
    lines.shop_id,
    lines.order_sn,
    component."productSkuId" as product_sku_id,
    component."extCode" as product_sku,
    component."productId" as spu_id,
    coalesce({{ json_number('component."soldFactor"') }}, 1) as sold_factor
from {{ ref('base_temu__order_lines') }} as lines
cross join lateral jsonb_to_recordset(lines.components) as component (
    "productSkuId" text, "extCode" text, "productId" text, "soldFactor" text
)
where lines.components is not null
