{{ typed_staging('stg_files__account_balances') }}
