{# ISO 3166-2 code by each spelling of a US state: its name, its postal abbreviation, the code itself. Compare in capitals. #}
{% macro spelled_us_states() -%}
(
    select state_code, unnest(array[upper(state_name), right(state_code, 2), state_code]) as spelling
    from {{ ref('us_states') }}
)
{%- endmacro %}
