{{ typed_staging('stg_temu__platform_order_counts') }}
