{# Rule T and the clock of a run: every model of one run sees the same as_of_date and the same _refreshed_at. #}

{# Last day counted: the var, else the last complete day in the reporting time zone. #}
{% macro as_of_date() -%}
    {%- if var('as_of_date') -%} '{{ var("as_of_date") }}'::date
    {%- else -%}
    {%- set now = run_started_at.astimezone(modules.pytz.timezone(var('reporting_timezone'))) -%}
    '{{ (now - modules.datetime.timedelta(days=1)).strftime("%Y-%m-%d") }}'::date
    {%- endif -%}
{%- endmacro %}

{# The instant at which as_of_date is over in the reporting time zone. #}
{% macro end_of_as_of_date() -%}
    (({{ as_of_date() }} + 1)::timestamp at time zone '{{ var("reporting_timezone") }}')
{%- endmacro %}

{# The instant at which open matters (parcels, deadlines) are judged: the var, else the end of a named as_of_date, else
   the start of the run – a deadline of today is met or missed today, not tomorrow. #}
{% macro as_of_at() -%}
    {%- if var('as_of_at') -%} '{{ var("as_of_at") }}'::timestamptz
    {%- elif var('as_of_date') -%} {{ end_of_as_of_date() }}
    {%- else -%} {{ refreshed_at() }}
    {%- endif -%}
{%- endmacro %}

{% macro refreshed_at() -%} '{{ run_started_at.isoformat() }}'::timestamptz {%- endmacro %}

{# T2: business day of an instant. #}
{% macro reporting_day(instant) -%} ({{ instant }} at time zone '{{ var("reporting_timezone") }}')::date {%- endmacro %}

{% macro month_of(day) -%} date_trunc('month', {{ day }}::timestamp)::date {%- endmacro %}
{% macro month_label(day) -%} to_char({{ day }}, 'YYYY-MM') {%- endmacro %}
{% macro week_of(day) -%} date_trunc('week', {{ day }}::timestamp)::date {%- endmacro %}
{% macro week_label(day) -%} to_char({{ day }}::timestamp, 'IYYY"-W"IW') {%- endmacro %}
