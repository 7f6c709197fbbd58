{{ typed_staging('stg_files__product_costs') }}
