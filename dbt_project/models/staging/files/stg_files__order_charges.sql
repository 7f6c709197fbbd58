-- Key: file and row (§3.2). The loader keeps one version of each file name.
select
    {{ natural_id('order_charge', ['source_file', 'row_no']) }} as id,
    shop_id,
    parent_order_sn,
    charge_type,
    amount,
    upper(currency) as currency,
    charge_date
from {{ source('raw_files', 'order_charges') }}
