{{ typed_staging('stg_files__fee_rates') }}
