select distinct on (shop_id, upper(currency), snapshot_at)
    shop_id,
    upper(currency) as currency,
    snapshot_at,
    available,
    frozen
from {{ source('raw_files', 'account_balances') }}
order by shop_id, upper(currency), snapshot_at, loaded_at desc, row_no desc
