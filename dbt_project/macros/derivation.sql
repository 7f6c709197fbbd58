{# Words of the derivation: numbers without idle zeros, unknown as a question mark. #}
{% macro said(number) -%} coalesce(trim_scale(({{ number }})::numeric)::text, '?') {%- endmacro %}
{% macro money(number) -%} coalesce(round(({{ number }})::numeric, 2)::text, '?') {%- endmacro %}
{% macro instant(at) -%} coalesce(to_char({{ at }} at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), '?') {%- endmacro %}
