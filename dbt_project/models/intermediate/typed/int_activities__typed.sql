{{ typed_staging('stg_temu__activities') }}
