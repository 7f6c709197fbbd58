select
    shop_id,
    product_skc_id,
    product_id,
    {{ n1('goods_code') }} as goods_code,
    {{ n1("payload ->> 'productName'") }} as product_name,
    payload ->> 'skcSiteStatus' as site_status,
    {{ json_epoch("payload ->> 'createdAt'") }} as created_at,
    source_updated_at as updated_at
from {{ source('raw_temu', 'partner_goods') }}
