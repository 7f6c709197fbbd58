{{ typed_staging('stg_files__import_history') }}
