{{ typed_staging('stg_temu__tracking_events') }}
