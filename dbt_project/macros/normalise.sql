{# Rules N1–N4: text is unknown rather than a placeholder, codes and currencies have one spelling. #}

{# Blanks around text; spreadsheets bring no-break and ideographic spaces. #}
{% macro trimmed(expression) -%}
btrim({{ expression }}, E' \t\r\n\u00a0\u3000')
{%- endmacro %}

{# N1 and N4: trimmed, placeholders become NULL, case kept. The length guards the dearer comparison. #}
{% macro n1(expression) -%}
case
    when octet_length({{ trimmed(expression) }}) <= 4
        and lower({{ trimmed(expression) }}) in ('', 'nan', 'none', 'null', '--', 'n/a') then null
    else {{ trimmed(expression) }}
end
{%- endmacro %}

{# N2 on a value that has passed N1: upper case, placeholders of the platform become NULL. #}
{% macro n2(expression) -%}
case
    when upper({{ expression }}) in ('1', '1PC', '1PCS', 'RANDOM', 'RANDOM 1PC', 'RANDOM 1PCS') then null
    else upper({{ expression }})
end
{%- endmacro %}

{# N3 on a value that has passed N1: upper case, one name for the yuan. NULL stays NULL. #}
{% macro n3(expression) -%}
case when upper({{ expression }}) in ('RMB', 'CNH') then 'CNY' else upper({{ expression }}) end
{%- endmacro %}
