{# §6.8: the metrics in the order of their weight table; weights and anchors are in the seed scorecard_metrics. #}
{% macro scorecard_metrics() %}
    {{ return(['gmv_growth', 'profit_margin', 'late_ship_rate', 'refund_rate', 'cancel_rate', 'stock_out_share']) }}
{% endmacro %}

{% macro grade_of(score) -%}
case when {{ score }} >= 85 then 'A' when {{ score }} >= 70 then 'B' when {{ score }} >= 55 then 'C' when {{ score }} is not null then 'D' end
{%- endmacro %}
