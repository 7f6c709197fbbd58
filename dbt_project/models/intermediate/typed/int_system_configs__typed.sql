{{ typed_staging('stg_temu__system_configs') }}
