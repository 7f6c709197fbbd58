-- Charges of files, and the shipping income the platform tells, for parents whose files carry none (§3.6).
-- An id is one charge within its relation only (D1).
{% set newest_first = 'charge_date desc nulls last, parent_order_sn, amount' %}
with staged_file_charges as (
    {{ typed_staging('stg_files__order_charges') }}
),

staged_platform_charges as (
    {{ typed_staging('stg_temu__order_charges') }}
),

file_charges as (
    {{ newest_per_id('staged_file_charges', newest_first) }}
),

platform_charges as (
    {{ newest_per_id('staged_platform_charges', newest_first) }}
),

platform_only as (
    select platform_charges.*
    from platform_charges
    where not exists (
        select 1
        from file_charges
        where file_charges.shop_id = platform_charges.shop_id
            and file_charges.parent_order_sn = platform_charges.parent_order_sn
            and lower(file_charges.charge_type) = platform_charges.charge_type
    )
),

charges as (
    select * from file_charges
    union all
    select * from platform_only
)

select * from charges
