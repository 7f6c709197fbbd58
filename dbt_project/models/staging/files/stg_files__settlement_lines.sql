select distinct on (shop_id, settlement_sn, line_no)
    shop_id,
    settlement_sn,
    line_no,
    parent_order_sn,
    order_sn,
    product_sku_id::text as product_sku_id,
    line_type,
    amount,
    upper(currency) as currency,
    settled_at
from {{ source('raw_files', 'settlement_lines') }}
order by shop_id, settlement_sn, line_no, loaded_at desc, row_no desc
