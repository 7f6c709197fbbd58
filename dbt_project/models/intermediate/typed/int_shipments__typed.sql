{{ typed_staging('stg_temu__shipments') }}
