{# Reading what the platform said: JSON scalars as text, epochs and minor units. What is not a number is unknown. #}

{% macro json_number(expression) -%}
case when {{ expression }} ~ '^-?[0-9]{1,18}([.][0-9]{1,10})?$' then ({{ expression }})::numeric end
{%- endmacro %}

{% macro json_bigint(expression) -%}
case when {{ expression }} ~ '^-?[0-9]{1,18}$' then ({{ expression }})::bigint end
{%- endmacro %}

{% macro json_code(expression) -%}
case when {{ expression }} ~ '^[0-9]{1,6}$' then ({{ expression }})::integer end
{%- endmacro %}

{# Epoch in seconds or, with more than ten digits, milliseconds; 0 means none (§3.6). #}
{% macro json_epoch(expression) -%}
case
    when {{ expression }} ~ '^[0-9]{11,14}$' then to_timestamp(({{ expression }})::numeric / 1000)
    when {{ expression }} ~ '^[1-9][0-9]{0,9}$' then to_timestamp(({{ expression }})::bigint)
end
{%- endmacro %}

{# An instant in text of unknown form: an epoch, or a date and time; without a zone it is UTC like all their times. #}
{% macro json_instant(expression) -%}
case
    when {{ expression }} ~ '^[0-9]+$' then {{ json_epoch(expression) }}
    when {{ expression }} !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' then null
    when not pg_input_is_valid({{ expression }}, 'timestamptz') then null
    when {{ expression }} ~* ':[0-9]{2}([.][0-9]+)? ?(z|utc|[+-][0-9]{2}(:?[0-9]{2})?)$' then ({{ expression }})::timestamptz
    else ({{ expression }})::timestamp at time zone 'UTC'
end
{%- endmacro %}

{# A status word as a code: lower case, everything but letters and digits is one underscore. #}
{% macro word_code(expression) -%}
nullif(btrim(regexp_replace(lower({{ expression }}), '[^a-z0-9]+', '_', 'g'), '_'), '')
{%- endmacro %}

{# Minor units to an amount: two decimals, none for currencies without decimals (§3.6). #}
{% macro from_minor_units(amount, currency) -%}
case when {{ currency }} in ('JPY', 'KRW') then round({{ amount }}) else round(round({{ amount }}) / 100, 2) end
{%- endmacro %}

{% macro json_array(expression) -%}
case when jsonb_typeof({{ expression }}) = 'array' then {{ expression }} else '[]'::jsonb end
{%- endmacro %}

{% macro json_object(expression) -%}
case when jsonb_typeof({{ expression }}) = 'object' then {{ expression }} else '{}'::jsonb end
{%- endmacro %}
