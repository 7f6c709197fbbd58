{# §9: what the runs and sources of the loader are judged by. #}

{# The clock of models that must stay honest between two builds (views). #}
{% macro live_clock() -%} now() {%- endmacro %}

{# Runs end within this time (§8), else they run over. #}
{% macro longest_run_seconds() -%} 3600 {%- endmacro %}

{# More tasks than this that wait are an alert. #}
{% macro longest_backlog() -%} 1000 {%- endmacro %}

{# Errors by which the platform's API refused or failed, as opposed to our own database or rules. #}
{% macro is_api_error(error_class) -%}
coalesce({{ error_class }} ~* '(api|auth|quota|throttl|forbidden|gateway|http|timeout|transient|app)', false)
{%- endmacro %}

{# fresh up to twice the expected interval, late up to four times, stale beyond; nothing yet = stale. #}
{% macro freshness_state(lag_minutes, expected_minutes, is_paused) -%}
case
    when {{ is_paused }} then 'paused'
    when {{ lag_minutes }} <= 2 * {{ expected_minutes }} then 'fresh'
    when {{ lag_minutes }} <= 4 * {{ expected_minutes }} then 'late'
    else 'stale'
end
{%- endmacro %}
