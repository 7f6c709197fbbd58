select distinct on (shop_id, payout_sn)
    shop_id,
    payout_sn,
    amount,
    upper(currency) as currency,
    paid_at,
    status
from {{ source('raw_files', 'payouts') }}
order by shop_id, payout_sn, loaded_at desc, row_no desc
