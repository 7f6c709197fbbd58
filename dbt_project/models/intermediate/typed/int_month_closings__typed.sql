{{ typed_staging('stg_temu__month_closings') }}
