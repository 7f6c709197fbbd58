{{ typed_staging('stg_temu__order_line_components') }}
