select
    shop_id,
    day as ledger_date,
    stream as entity,
    reported as reported_records,
    landed as landed_records,
    set_aside as set_aside_records,
    staged as staged_records,
    mart as mart_records,
    causes::text as causes,
    explained as explained_records,
    unexplained as unexplained_records,
    counted_at,
    run_id
from {{ source('ops', 'ledger') }}
