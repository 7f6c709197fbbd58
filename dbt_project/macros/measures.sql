{# Measures of §6.2 in one place: from lines, from finer aggregates, and the ratios computed from the sums. #}

{% macro additive_measures() %}
    {{ return(['orders_all', 'orders', 'cancelled_orders', 'order_lines', 'units_sold', 'units_refunded', 'gmv_cny',
        'refund_cny', 'net_revenue_cny', 'costed_net_revenue_cny', 'cogs_cny', 'platform_fee_cny', 'payment_fee_cny',
        'charges_cny', 'profit_cny', 'profit_est_cny', 'unpriced_lines', 'uncosted_lines']) }}
{% endmacro %}

{% macro is_count(measure) %}{{ return(not measure.endswith('_cny')) }}{% endmacro %}

{# Over `lines`: counts of distinct parents (§3.4) and sums of lines (L: costed sums over the same lines), joined as
   `aggregated`. `labels` are further select expressions that describe a group. #}
{% macro aggregate_lines(lines, keys, labels=[]) %}
parents as (
    select {{ keys | join(', ') }}, parent_key, bool_or(is_sale) as has_sale, bool_or(status = 'cancelled') as has_cancelled
    from {{ lines }}
    group by {{ keys | join(', ') }}, parent_key
),

parent_counts as (
    select
        {{ keys | join(', ') }},
        count(*) as orders_all,
        count(*) filter (where has_sale) as orders,
        count(*) filter (where not has_sale and has_cancelled) as cancelled_orders
    from parents
    group by {{ keys | join(', ') }}
),

line_sums as (
    select
        {{ keys | join(', ') }},
        {%- for label in labels %}
        {{ label }},
        {%- endfor %}
        count(*) filter (where is_sale) as order_lines,
        sum(units)::bigint as units_sold,
        sum(units_refunded)::bigint as units_refunded,
        coalesce(sum(gmv_cny), 0)::numeric(38, 2) as gmv_cny,
        coalesce(sum(refund_cny), 0)::numeric(38, 2) as refund_cny,
        coalesce(sum(net_revenue_cny), 0)::numeric(38, 2) as net_revenue_cny,
        {%- for measure in ['net_revenue_cny', 'cogs_cny', 'platform_fee_cny', 'payment_fee_cny', 'charges_cny'] %}
        coalesce(sum({{ measure }}) filter (where profit_cny is not null), 0)::numeric(38, 2)
            as {{ 'costed_' if measure == 'net_revenue_cny' }}{{ measure }},
        {%- endfor %}
        coalesce(sum(profit_cny), 0)::numeric(38, 2) as profit_cny,
        coalesce(sum(profit_est_cny), 0)::numeric(38, 2) as profit_est_cny,
        count(*) filter (where is_sale and gmv_cny is null) as unpriced_lines,
        count(*) filter (where is_sale and cogs_cny is null) as uncosted_lines
    from {{ lines }}
    group by {{ keys | join(', ') }}
),

aggregated as (
    select
        line_sums.*,
        parent_counts.orders_all,
        parent_counts.orders,
        parent_counts.cancelled_orders
    from line_sums
    inner join parent_counts using ({{ keys | join(', ') }})
)
{% endmacro %}

{# Select list: sums of measures that are additive over the grain of the relation. #}
{% macro sum_measures(measures=none) %}
    {%- for measure in measures or additive_measures() %}
    coalesce(sum({{ measure }}), 0)::{{ 'bigint' if is_count(measure) else 'numeric(38, 2)' }} as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
{% endmacro %}

{# Ratio of sums: 4 decimals, NULL where the denominator is 0 or unknown. #}
{% macro ratio(numerator, denominator) -%}
round(({{ numerator }})::numeric / nullif({{ denominator }}, 0), 4)::numeric(38, 4)
{%- endmacro %}

{# Select list: the ratios of §6.2 over the measures of `relation`. #}
{% macro ratios(relation) %}
    {{ ratio(relation ~ '.profit_cny', relation ~ '.costed_net_revenue_cny') }} as profit_margin,
    {{ ratio(relation ~ '.costed_net_revenue_cny', relation ~ '.net_revenue_cny') }} as cost_coverage,
    round({{ relation }}.gmv_cny / nullif({{ relation }}.orders, 0), 2)::numeric(38, 2) as aov_cny,
    {{ ratio(relation ~ '.refund_cny', relation ~ '.gmv_cny') }} as refund_rate,
    {{ ratio(relation ~ '.cancelled_orders', relation ~ '.orders + ' ~ relation ~ '.cancelled_orders') }} as cancel_rate
{% endmacro %}

{# Select list: every measure of §6.2 and its ratios, in the order of the contracts. #}
{% macro measure_columns(relation) %}
    {%- for measure in ['orders_all', 'orders', 'cancelled_orders', 'order_lines', 'units_sold', 'units_refunded', 'gmv_cny',
        'refund_cny', 'net_revenue_cny', 'costed_net_revenue_cny', 'cogs_cny', 'platform_fee_cny', 'payment_fee_cny',
        'charges_cny', 'profit_cny', 'profit_est_cny'] %}
    {{ relation }}.{{ measure }},
    {%- endfor %}
    {{ ratios(relation) }},
    {{ relation }}.unpriced_lines,
    {{ relation }}.uncosted_lines
{%- endmacro %}
