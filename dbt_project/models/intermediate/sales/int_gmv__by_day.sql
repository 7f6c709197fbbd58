-- Measures of §6.2 per shop and day, counted once for every GMV mart: a parent lies on one business day and one local
-- day (T1), so its counts add up over days. One row per (shop_id, order_date, order_date_local).
{{ following('days', above='fct_order_lines_costed') }}
with lines as not materialized (
    select * from {{ ref('fct_order_lines_costed') }} {{ only_touched('days') }}
),

{{ aggregate_lines('lines', ['shop_id', 'order_date', 'order_date_local']) }}

select * from aggregated
