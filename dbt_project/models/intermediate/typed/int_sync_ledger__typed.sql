{{ typed_staging('stg_temu__sync_ledger') }}
