{{ typed_staging('stg_files__payouts') }}
