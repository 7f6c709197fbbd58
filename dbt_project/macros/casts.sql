{# Explicit casts from whatever type a staging column has to the type of its contract: what cannot be cast is unknown. #}

{% macro is_text_type(type) %}{{ return(type in ['text', 'character varying', 'character', 'name', 'USER-DEFINED', 'json', 'jsonb', 'uuid']) }}{% endmacro %}
{% macro is_float_type(type) %}{{ return(type in ['real', 'double precision']) }}{% endmacro %}
{% macro is_number_type(type) %}{{ return(type in ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision']) }}{% endmacro %}

{# `found` is the type in the database (none: no such column), `wanted` the type of the contract. #}
{% macro cast_staged(column, found, wanted) -%}
    {%- if found is none -%} null::{{ wanted }}
    {%- elif wanted == 'text' -%} {{ staged_text(column, found) }}
    {%- elif wanted in ['smallint', 'integer', 'bigint'] -%} {{ staged_integer(column, found, wanted) }}
    {%- elif wanted == 'numeric' -%} {{ staged_numeric(column, found) }}
    {%- elif wanted == 'boolean' -%} {{ staged_boolean(column, found) }}
    {%- elif wanted == 'timestamptz' -%} {{ staged_instant(column, found) }}
    {%- elif wanted == 'date' -%} {{ staged_date(column, found) }}
    {%- else -%} {{ exceptions.raise_compiler_error('no cast to ' ~ wanted ~ ' for staging column ' ~ column) }}
    {%- endif -%}
{%- endmacro %}

{% macro staged_text(column, found) -%}
    {%- if is_text_type(found) -%} {{ n1(column ~ '::text') if found not in ['text', 'character varying'] else n1(column) }}
    {%- elif found == 'numeric' -%} trim_scale({{ column }})::text
    {%- elif is_float_type(found) -%}
    case
        when {{ column }} between -9e18 and 9e18 and {{ column }} = floor({{ column }}) then {{ column }}::bigint::text
        else {{ n1(column ~ '::text') }}
    end
    {%- else -%} {{ column }}::text
    {%- endif -%}
{%- endmacro %}

{# NaN and infinities sort outside every range, so the range test drops them too. #}
{% macro staged_integer(column, found, wanted) -%}
    {%- set limit = {'smallint': '32767', 'integer': '2147483647', 'bigint': '9e18'}[wanted] -%}
    {%- if found == wanted -%} {{ column }}
    {%- elif found == 'boolean' -%} {{ column }}::integer::{{ wanted }}
    {%- else -%}
    {%- set number = number_in(column, found) -%}
    case
        when {{ number }} between -{{ limit }} and {{ limit }} and {{ number }} = trunc({{ number }}) -- half a piece is none
            then ({{ number }})::{{ wanted }}
    end
    {%- endif -%}
{%- endmacro %}

{# Amounts and rates of 10^15 and more are slips, not money: unknown, so that no product can overflow. #}
{% macro staged_numeric(column, found) -%}
    {%- set number = number_in(column, found) -%}
    case when {{ number }} > -1e15 and {{ number }} < 1e15 then ({{ number }})::numeric end
{%- endmacro %}

{% macro number_in(column, found) -%}
    {%- if is_number_type(found) -%} {{ column }}
    {%- elif is_text_type(found) -%}
    case
        when {{ trimmed(column ~ '::text') }} ~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$'
            then {{ trimmed(column ~ '::text') }}::numeric
    end
    {%- else -%} null::numeric
    {%- endif -%}
{%- endmacro %}

{% macro staged_boolean(column, found) -%}
    {%- if found == 'boolean' -%} {{ column }}
    {%- elif is_number_type(found) -%} ({{ column }} <> 0)
    {%- else -%}
    case
        when lower({{ trimmed(column ~ '::text') }}) in ('t', 'true', '1', '1.0', 'y', 'yes', '是') then true
        when lower({{ trimmed(column ~ '::text') }}) in ('f', 'false', '0', '0.0', 'n', 'no', '否') then false
    end
    {%- endif -%}
{%- endmacro %}

{# T4: naive audit columns are UTC, naive business columns Asia/Shanghai. #}
{% macro zone_of_naive(column) -%}
    {{ 'UTC' if column in ['created_at', 'updated_at', 'loaded_at', 'last_sync_at'] else 'Asia/Shanghai' }}
{%- endmacro %}

{# Instants and days outside 1900–2199 are sentinels (9999-12-31) or slips: unknown, which for the end of a validity means
   open. A validity that starts earlier starts in 1900. #}
{% macro staged_instant(column, found) -%}
    {%- if found == 'timestamp with time zone' -%} {%- set instant = column -%}
    {%- elif found in ['timestamp without time zone', 'date'] -%}
    {%- set instant = '(' ~ column ~ '::timestamp at time zone \'' ~ zone_of_naive(column) ~ '\')' -%}
    {%- elif is_number_type(found) -%} {%- set instant = epoch_instant(column) -%}
    {%- else -%} {%- set instant = '(' ~ instant_in_text(column) ~ ')' -%}
    {%- endif -%}
    case
        {%- if column == 'effective_from' %} when {{ instant }} < '1900-01-01'::timestamptz then '1900-01-01'::timestamptz {% endif %}
        when {{ instant }} >= '1900-01-01'::timestamptz and {{ instant }} < '2200-01-01'::timestamptz then {{ instant }}
    end
{%- endmacro %}

{# More than ten digits are milliseconds (§3.6). #}
{% macro epoch_instant(expression) -%}
case
    when {{ expression }} >= 1e10 and {{ expression }} < 2.5e14 then to_timestamp({{ expression }} / 1000.0)
    when {{ expression }} >= -2e9 and {{ expression }} < 1e10 then to_timestamp({{ expression }})
end
{%- endmacro %}

{% macro instant_in_text(column) -%}
    {%- set value = trimmed(column ~ '::text') -%}
    {%- set has_zone = value ~ " ~* ':[0-9]{2}([.][0-9]+)?[[:space:]]*(z|utc|[+-][0-9]{2}(:?[0-9]{2})?)$'" -%}
    case
        when {{ value }} ~ '^[0-9]{10,13}$' then {{ epoch_instant(value ~ '::numeric') }}
        when {{ value }} !~ '^[0-9]{4,5}[-/][0-9]{1,2}[-/][0-9]{1,2}' then null
        when not pg_input_is_valid({{ value }}, 'timestamptz') then null
        when {{ has_zone }} then {{ value }}::timestamptz
        else {{ value }}::timestamp at time zone '{{ zone_of_naive(column) }}'
    end
{%- endmacro %}

{% macro staged_date(column, found) -%}
    {%- if found == 'date' -%} {%- set day = column -%}
    {%- elif found == 'timestamp without time zone' -%} {%- set day = column ~ '::date' -%}
    {%- else -%}
    {#- An instant, in whatever type: its day in Beijing. Text without a time is that day itself. -#}
    {%- set day = '((' ~ staged_instant(column, found) ~ ') at time zone \'Asia/Shanghai\')::date' -%}
    {%- endif -%}
    case
        {%- if column == 'effective_from' %} when {{ day }} < '1900-01-01'::date then '1900-01-01'::date {% endif %}
        when {{ day }} >= '1900-01-01'::date and {{ day }} < '2200-01-01'::date then {{ day }}
    end
{%- endmacro %}
