{{ typed_staging('stg_files__settlement_lines') }}
