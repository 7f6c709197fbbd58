{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns',
    unique_key=['alert_date', 'rule', 'entity_key'], full_refresh=false) }}
with holding as (
    select * from {{ ref('int_alerts__orders') }}
),

{{ alert_lives('holding') }}

select
    {{ alert_columns() }},
    case when rule not in ('volume_anomaly', 'refund_spike') then nullif(split_part(entity_key, ':', 2), '') end as order_key
from alert_lives
