{{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns',
    unique_key=['alert_date', 'rule', 'entity_key'], full_refresh=false) }}
with holding as (
    select
        'grade_drop' as rule,
        scores.shop_id::text as entity_key,
        scores.shop_id,
        shops.default_manager as manager,
        scores.score as observed,
        scores.score - scores.score_change as threshold
    from {{ ref('mart_shop_scorecard') }} as scores
    left join {{ ref('int_shops__zoned') }} as shops using (shop_id)
    where scores.as_of_date = {{ as_of_date() }} and scores.is_grade_drop
),

{{ alert_lives('holding') }}

select {{ alert_columns() }}
from alert_lives
