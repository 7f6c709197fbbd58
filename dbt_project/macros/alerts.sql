{# Chapter 7: an alert that stays true is one alert. What holds now is computed anew by every build; since when it holds
   only the alert mart itself remembers, so such a mart is incremental and never dropped, not even by --full-refresh:

       {{ config(materialized='incremental', incremental_strategy='delete+insert', on_schema_change='append_new_columns',
           unique_key=['alert_date', 'rule', 'entity_key'], full_refresh=false) }}
       with holding as (select rule, entity_key, shop_id, manager, observed, threshold from …),
       {{ alert_lives('holding') }}
       select {{ alert_columns() }} from alert_lives

   `holding` has one row per (rule, entity_key) that holds at as_of_date; `rule` is one of the seed alert_rules, which
   knows its severity and name. Grain of the mart: (alert_date, rule, entity_key), alert_date being the day on which the
   alert was first seen. While it holds, the row stays open and shows the newest `observed`; when it ceases, the row is
   closed and kept; should it come back, a new row begins. Building twice for one as_of_date changes nothing. #}
{% macro alert_lives(holding) %}
remembered as (
    {%- if is_incremental() %}
    select alert_date, rule, entity_key, shop_id, manager, observed, threshold, last_seen
    from {{ this }}
    where status = 'open'
    {%- else %}
    select
        null::date as alert_date, null::text as rule, null::text as entity_key, null::bigint as shop_id,
        null::text as manager, null::numeric as observed, null::numeric as threshold, null::date as last_seen
    where false
    {%- endif %}
),

lives as (
    select
        coalesce(remembered.alert_date, {{ as_of_date() }}) as alert_date,
        rule,
        entity_key,
        holding.shop_id,
        holding.manager,
        holding.observed,
        holding.threshold,
        'open' as status,
        greatest(remembered.last_seen, {{ as_of_date() }}) as last_seen,
        null::date as closed_on
    from {{ holding }} as holding
    left join remembered using (rule, entity_key)
    union all
    select
        remembered.alert_date,
        rule,
        entity_key,
        remembered.shop_id,
        remembered.manager,
        remembered.observed,
        remembered.threshold,
        'closed',
        remembered.last_seen,
        greatest(remembered.last_seen, {{ as_of_date() }})
    from remembered
    left join {{ holding }} as holding using (rule, entity_key)
    where holding.rule is null
),

alert_lives as (
    select lives.*, alert_rules.severity, alert_rules.rule_name, alert_rules.unit, shops.shop_name
    from lives
    left join {{ ref('alert_rules') }} as alert_rules using (rule)
    left join {{ ref('int_shops__zoned') }} as shops using (shop_id)
)
{% endmacro %}

{# Select list of an alert mart, in the order of its contract. #}
{% macro alert_columns() %}
    alert_date,
    rule::text as rule,
    rule_name::text as rule_name,
    severity::text as severity,
    entity_key::text as entity_key,
    shop_id,
    shop_name,
    manager,
    observed::numeric(38, 4) as observed,
    threshold::numeric(38, 4) as threshold,
    alert_date as first_seen,
    last_seen,
    status::text as status,
    closed_on,
    last_seen - alert_date as days_open,
    {{ refreshed_at() }} as _refreshed_at
{%- endmacro %}
