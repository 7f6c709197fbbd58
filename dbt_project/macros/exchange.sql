{# F: the reporting currency is worth 1; any other currency the joined daily rate, unknown where there is none. #}
{% macro fx(currency, rate) -%}
case when {{ currency }} = '{{ var("reporting_currency") }}' then 1::numeric else {{ rate }} end
{%- endmacro %}
