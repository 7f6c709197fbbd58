select distinct on (target_month, manager, shop_id, metric)
    {{ natural_id('sales_target', ['target_month', 'manager', 'shop_id', 'metric']) }} as id,
    target_month,
    manager,
    shop_id,
    metric,
    target_value
from {{ source('raw_files', 'sales_targets') }}
order by target_month, manager, shop_id, metric, loaded_at desc, row_no desc
