select distinct on (fee_type, shop_id, effective_from)
    {{ natural_id('fee_rate', ['fee_type', 'shop_id', 'effective_from']) }} as id,
    fee_type,
    shop_id,
    rate,
    effective_from,
    effective_to
from {{ source('raw_files', 'fee_rates') }}
order by fee_type, shop_id, effective_from, loaded_at desc, row_no desc
