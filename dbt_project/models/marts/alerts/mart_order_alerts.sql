{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns',
    unique_key=['alert_date', 'rule', 'entity_key'], full_refresh=false) }}
with holding as (
    select * from {{ ref('int_alerts__orders') }}
),

orders as (
    select rule, entity_key, parent_key, order_date from holding
),

{{ alert_lives('holding') }}

select
    {{ alert_columns() }},
    case when rule not in ('volume_anomaly', 'refund_spike') then nullif(split_part(entity_key, ':', 2), '') end as order_key,
    unit::text as unit,
    parent_key,
    order_date
from alert_lives
left join orders using (rule, entity_key)
