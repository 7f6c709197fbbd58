{{ typed_staging('stg_temu__activity_items') }}
