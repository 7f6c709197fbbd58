{{ typed_staging('stg_temu__webhook_events') }}
