{{ typed_staging('stg_files__sales_targets') }}
