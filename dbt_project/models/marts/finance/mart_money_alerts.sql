{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns',
    unique_key=['alert_date', 'rule', 'entity_key'], full_refresh=false) }}
with holding as (
    select * from {{ ref('int_alerts__money') }}
    union all
    select * from {{ ref('int_alerts__operations') }}
),

{{ alert_lives('holding') }}

select {{ alert_columns() }}
from alert_lives
