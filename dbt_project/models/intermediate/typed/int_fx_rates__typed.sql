{{ typed_staging('stg_files__fx_rates') }}
