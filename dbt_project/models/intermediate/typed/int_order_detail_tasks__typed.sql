{{ typed_staging('stg_temu__order_detail_tasks') }}
