{{ typed_staging('stg_temu__check_results') }}
