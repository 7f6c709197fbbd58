{{ built_after('int_shops__zoned') }}
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='sync_all_columns',
    pre_hook="{{ begin_changed_orders() }}", post_hook="{{ end_changed_orders() }}"
) }}
select * from ({{ staged_orders() }}) as staged
{{ only_touched('orders', keys='touched_shop, touched_parent') }}
