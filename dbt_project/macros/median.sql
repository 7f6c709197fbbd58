{# The median of numerics without a detour over floats: the mean of the two in the middle, which coincide for odd counts. #}
{% macro exact_median(expression) -%}
((percentile_disc(0.5) within group (order by {{ expression }}) + percentile_disc(0.5) within group (order by {{ expression }} desc))::numeric / 2)
{%- endmacro %}
