{# How a change of a published line is explained: from its old amounts to its new ones in steps, one cause each. A step
   replaces what its cause drives and keeps the rest, so the differences of all steps add up to the whole difference. #}

{% macro restatement_causes() %}
    {{ return(['re_match', 'amount', 'fx', 'refund', 'cost_edit', 'fee_rate', 'charge']) }}
{% endmacro %}

{# Rate of the old fees on what a step earns. #}
{% macro old_fee(rate, base) -%} round(coalesce({{ rate }}, 0) * {{ base }}, 2) {%- endmacro %}

{# A refund of the whole line stays one; another one stays what it is, at most the line. #}
{% macro kept_refund(old_refund, gmv) -%}
case when was_refunded_whole then {{ gmv }} when {{ gmv }} is not null then least(coalesce({{ old_refund }}, 0), {{ gmv }}) end
{%- endmacro %}

{# Unknown amounts count as nothing, as they do in every sum. #}
{% macro net_of(gmv, refund) -%} coalesce({{ gmv }} - {{ refund }}, 0) {%- endmacro %}
{% macro profit_of(gmv, refund, cogs, platform, payment, charges) -%}
coalesce({{ gmv }} - {{ refund }} - {{ cogs }} - {{ platform }} - {{ payment }} - {{ charges }}, 0)
{%- endmacro %}
