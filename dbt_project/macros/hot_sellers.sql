{# §6.4 once for both marts: keys with orders or a target in the months with orders, measures, ranks, movement,
   achievement. `keys` follow month_start; `inside` = columns that ranks stay inside of. #}
{% macro hot_seller_ctes(keys, inside) %}
{%- set on_keys = ['month_start'] + keys -%}
{%- set partition = (['month_start'] + inside + ['is_ranked']) | join(', ') -%}
span as (
    select min(month_start) as first_month, max(month_start) as last_month from sold where orders > 0
),

listed as (
    select {{ on_keys | join(', ') }} from sold where orders > 0
    union
    select {{ on_keys | join(', ') }}
    from targets
    cross join span
    where targets.month_start between span.first_month and span.last_month
),

measured as (
    select
        {{ on_keys | join(', ') }},
        {%- for measure in ['units_sold', 'orders', 'skus_sold', 'gmv_cny', 'refund_cny', 'net_revenue_cny',
            'costed_net_revenue_cny', 'profit_cny', 'unpriced_lines', 'uncosted_lines'] %}
        coalesce(sold.{{ measure }}, 0)::{{ 'bigint' if is_count(measure) else 'numeric(38, 2)' }} as {{ measure }},
        {%- endfor %}
        targets.target_gmv_cny,
        targets.target_units,
        targets.target_profit_cny,
        manager <> '{{ var("unassigned_manager") }}' as is_ranked
    from listed
    left join sold using ({{ on_keys | join(', ') }})
    left join targets using ({{ on_keys | join(', ') }})
),

ranked as (
    select
        *,
        case when is_ranked then rank() over (partition by {{ partition }} order by gmv_cny desc) end as rank_gmv,
        case when is_ranked then rank() over (partition by {{ partition }} order by units_sold desc) end as rank_units
    from measured
),

moved as (
    select
        ranked.*,
        month_before.rank_gmv as prev_rank_gmv
    from ranked
    left join ranked as month_before
        on (ranked.month_start - interval '1 month')::date = month_before.month_start
        {%- for key in keys %}
        and ranked.{{ key }} = month_before.{{ key }}
        {%- endfor %}
)
{% endmacro %}

{% macro hot_seller_columns() %}
    moved.units_sold,
    moved.orders,
    moved.skus_sold,
    moved.gmv_cny,
    moved.refund_cny,
    moved.net_revenue_cny,
    moved.costed_net_revenue_cny,
    moved.profit_cny,
    {{ ratio('moved.profit_cny', 'moved.costed_net_revenue_cny') }} as profit_margin,
    {{ ratio('moved.costed_net_revenue_cny', 'moved.net_revenue_cny') }} as cost_coverage,
    moved.unpriced_lines,
    moved.uncosted_lines,
    round(moved.gmv_cny / nullif(moved.orders, 0), 2)::numeric(38, 2) as aov_cny,
    {{ ratio('moved.refund_cny', 'moved.gmv_cny') }} as refund_rate,
    moved.rank_gmv,
    moved.rank_units,
    moved.prev_rank_gmv,
    moved.prev_rank_gmv - moved.rank_gmv as rank_change,
    moved.target_gmv_cny::numeric(38, 2) as target_gmv_cny,
    {{ ratio('moved.gmv_cny', 'moved.target_gmv_cny') }} as gmv_achievement,
    moved.target_units::numeric(38, 2) as target_units,
    {{ ratio('moved.units_sold', 'moved.target_units') }} as units_achievement,
    moved.target_profit_cny::numeric(38, 2) as target_profit_cny,
    {{ ratio('moved.profit_cny', 'moved.target_profit_cny') }} as profit_achievement,
    {{ refreshed_at() }} as _refreshed_at
{%- endmacro %}

{# Select list: one target column per metric out of rows per metric. #}
{% macro target_columns(value) %}
    max({{ value }}) filter (where metric = 'gmv_cny') as target_gmv_cny,
    max({{ value }}) filter (where metric = 'units') as target_units,
    max({{ value }}) filter (where metric = 'profit_cny') as target_profit_cny
{%- endmacro %}
