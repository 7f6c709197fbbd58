{{ typed_staging('stg_temu__sync_dead_letters') }}
